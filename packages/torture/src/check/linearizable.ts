import type { Operation } from '../history/operations.js'
import { type ListAction, prepareList } from '../linearizability/list.js'
import type { Call, Model } from '../linearizability/model.js'
import { prepareRegister, type RegisterAction } from '../linearizability/register.js'
import { search } from '../linearizability/search.js'
import { byKey, isExact } from './reads.js'
import { Findings, type Verdict } from './verdict.js'

/**
 * Registers and lists, each by itself: all writes, and the reads that promise to be exact. A history of many objects is
 * linearizable when that of each is (Herlihy and Wing, 1990). A search that is given up is a finding.
 */
export const checkLinearizable = (operations: readonly Operation[]): Verdict => {
  const findings = new Findings()
  let judged = 0
  for (const [key, own] of byKey(operations)) {
    const registers = own.flatMap(registerCall)
    const lists = own.flatMap(listCall)
    judged += registers.length + lists.length
    if (registers.length > 0) {
      const { calls, model } = prepareRegister(registers)
      report(findings, key, calls, model)
    }
    if (lists.length === 0) continue
    const prepared = prepareList(lists)
    if ('contradiction' in prepared) findings.add(`${key}: ${prepared.contradiction}`)
    else report(findings, key, prepared.calls, prepared.model)
  }
  if (judged === 0) findings.add('there was no operation to judge')
  return findings.verdict('linearizability', judged)
}

const report = <S extends string | number, A>(
  findings: Findings,
  key: string,
  calls: readonly Call<A>[],
  model: Model<S, A>,
): void => {
  const result = search(calls, model)
  if (result.verdict === 'gave up') findings.add(`${key}: given up after ${result.steps} steps, so nothing is known`)
  if (result.verdict !== 'impossible') return
  const last = result.order.slice(-3).map(tell).join('; ')
  findings.add(
    `${key}: no order explains ${tell(result.stuck)}; the longest has ${result.order.length} of ${calls.length} calls and ends with ${last}; state ${result.state}`,
  )
}

const tell = <A>({ start, end, action }: Call<A>): string => {
  const values = JSON.stringify(action)
  const short = values.length > 200 ? `${values.slice(0, 100)}…${values.slice(-100)}` : values
  return `lines ${start + 1}-${Number.isFinite(end) ? end + 1 : ''} ${short}`
}

const registerCall = (operation: Operation): readonly Call<RegisterAction>[] => {
  const { invocation, outcome, id: start, end } = operation
  if (outcome === 'fail') return []
  switch (invocation.f) {
    case 'register.write':
      return [{ start, end, action: { f: 'write', value: invocation.value } }]
    case 'register.cas': {
      const [from, to] = invocation.value
      return [{ start, end, action: { f: 'cas', from, to, surely: outcome === 'ok' } }]
    }
    case 'register.read':
      if (outcome === 'open' || !isExact(invocation.level)) return []
      return [{ start, end, action: { f: 'read', value: operation.output as number | null } }]
    default:
      return []
  }
}

const listCall = (operation: Operation): readonly Call<ListAction>[] => {
  const { invocation, outcome, id: start, end } = operation
  if (outcome === 'fail') return []
  if (invocation.f === 'list.append') return [{ start, end, action: { f: 'append', value: invocation.value } }]
  if (invocation.f !== 'list.read' || outcome === 'open' || !isExact(invocation.level)) return []
  return [{ start, end, action: { f: 'read', values: operation.output as readonly number[] } }]
}
