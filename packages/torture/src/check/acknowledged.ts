import type { Operation } from '../history/operations.js'
import { answered, byKey, describe, isExact, writtenValue } from './reads.js'
import { Findings, type Verdict } from './verdict.js'

/**
 * What was acknowledged is there at the end: every list and every account book is read exactly once everything is quiet,
 * and holds all appends and transfers that were acknowledged. A thing that could not be read in the end is a finding.
 */
export const checkAcknowledged = (operations: readonly Operation[], quietFrom: number): Verdict => {
  const findings = new Findings()
  let judged = 0
  for (const [key, own] of byKey(operations)) {
    const promised = own.filter(
      ({ invocation: { f }, outcome }) => outcome === 'ok' && (f === 'list.append' || f === 'bank.transfer'),
    )
    if (promised.length === 0) continue
    judged += promised.length
    const last = lastValues(own, quietFrom)
    if (last === undefined) {
      findings.add(
        `${key}: could not be read at the end, so the fate of ${promised.length} acknowledged writes is unknown`,
      )
      continue
    }
    for (const write of promised) {
      if (!last.has(writtenValue(write.invocation) ?? Number.NaN)) findings.add(`${key}: lost ${describe(write)}`)
    }
  }
  if (judged === 0) findings.add('no write was acknowledged')
  return findings.verdict('no acknowledged write is lost', judged)
}

const lastValues = (own: readonly Operation[], quietFrom: number): ReadonlySet<number> | undefined => {
  const final = ({ id, invocation }: Operation): boolean =>
    id > quietFrom && 'level' in invocation && isExact(invocation.level)
  const list = answered(own, 'list.read').filter(final).at(-1)
  if (list !== undefined) return new Set(list.output)
  const audit = answered(own, 'bank.audit').filter(final).at(-1)
  return audit === undefined ? undefined : new Set(audit.output.transfers.map(({ id }) => id))
}
