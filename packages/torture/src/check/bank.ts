import type { RunHeader, Transfer } from '../history/event.js'
import type { Operation } from '../history/operations.js'
import { answered, byKey, describe, isExact } from './reads.js'
import { Findings, type Verdict } from './verdict.js'

/**
 * Money neither comes nor goes: at every level, since also a stale replica holds a state that once was. In an audit the
 * balances are those that the transfers on record lead to, and an exact one has every transfer that was acknowledged
 * before it was called.
 */
export const checkBank = (operations: readonly Operation[], { accounts, balance }: RunHeader): Verdict => {
  const findings = new Findings()
  let judged = 0
  for (const [key, own] of byKey(operations)) {
    for (const read of answered(own, 'bank.read')) {
      judged += 1
      const wrong = wrongBalances(read.output, accounts, accounts * balance)
      if (wrong !== undefined) findings.add(`${key}: ${wrong} in ${describe(read)}`)
    }
    for (const audit of answered(own, 'bank.audit')) {
      judged += 1
      const { balances, transfers } = audit.output
      const expected = settle(transfers, accounts, balance)
      const different = expected.findIndex((amount, account) => amount !== balances[account])
      if (different >= 0 || balances.length !== accounts) {
        findings.add(
          `${key}: account ${different} holds ${balances[different]}, its transfers make ${expected[different]}, in ${describe(audit)}`,
        )
      }
      if (!isExact(audit.invocation.level)) continue
      const recorded = new Set(transfers.map(({ id }) => id))
      for (const { invocation, outcome, end } of own) {
        if (invocation.f !== 'bank.transfer' || outcome !== 'ok' || end > audit.id) continue
        if (!recorded.has(invocation.value.id))
          findings.add(`${key}: ${invocation.value.id} is missing in ${describe(audit)}`)
      }
    }
  }
  if (judged === 0) findings.add('no balance was read')
  return findings.verdict('money neither comes nor goes', judged)
}

const wrongBalances = (balances: readonly number[], accounts: number, total: number): string | undefined => {
  if (balances.length !== accounts) return `${balances.length} of ${accounts} accounts`
  const sum = balances.reduce((one, other) => one + other, 0)
  if (sum !== total) return `${sum} instead of ${total} in all`
  const overdrawn = balances.findIndex((amount) => amount < 0)
  return overdrawn < 0 ? undefined : `account ${overdrawn} holds ${balances[overdrawn]}`
}

const settle = (transfers: readonly Transfer[], accounts: number, balance: number): readonly number[] => {
  const balances = Array.from({ length: accounts }, () => balance)
  for (const { from, to, amount } of transfers) {
    balances[from] = (balances[from] ?? Number.NaN) - amount
    balances[to] = (balances[to] ?? Number.NaN) + amount
  }
  return balances
}
