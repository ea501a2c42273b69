import { type Attempt, type AttemptResult, OutcomeTable, runAttacker } from '@dbcluster/testkit'

/** Somebody who shall not get in, by what it holds. */
export interface Attacker {
  readonly name: string
  /** Text of a swarm-key file. */
  readonly networkKey?: string
  /** What it presents where a credential is asked for; none if empty. */
  readonly credential: string
  /** The credential is a good one, for reading. */
  readonly reads: boolean
}

/** One thing that is attacked. */
export interface AttackRow {
  readonly target: string
  attempts(attacker: Attacker): readonly Attempt[]
  /** What an attempt came to, in a word or two. */
  outcome(result: AttemptResult): string
  /** The outcomes that are no opening. */
  held(attacker: Attacker): readonly string[]
}

/** What came of it all. */
export interface AttackReport {
  readonly table: OutcomeTable
  /** Cells that should have been closed. */
  readonly openings: readonly string[]
}

/** Attempts that an attacker makes at a time: most of them wait for an answer that never comes. */
const AT_A_TIME = 8

/** Lets each attacker try each row, from a process of its own. @param target multiaddr of a node */
export const attackAll = async (
  target: string,
  attackers: readonly Attacker[],
  rows: readonly AttackRow[],
): Promise<AttackReport> => {
  const table = new OutcomeTable()
  const openings: string[] = []
  for (const attacker of attackers) {
    const plans = rows.map((row) => ({ row, attempts: row.attempts(attacker) }))
    const results = await runAttacker({
      target,
      ...(attacker.networkKey === undefined ? {} : { networkKey: attacker.networkKey }),
      parallel: AT_A_TIME,
      attempts: plans.flatMap(({ attempts }) => attempts),
    })
    let at = 0
    for (const { row, attempts } of plans) {
      const outcomes = new Set(results.slice(at, at + attempts.length).map((result) => row.outcome(result)))
      at += attempts.length
      const held = row.held(attacker)
      // A row without an attempt is open too: what was not tried is not known to hold.
      const isOpen = outcomes.size === 0 || [...outcomes].some((outcome) => !held.includes(outcome))
      const shown = [...outcomes].sort().join(', ')
      table.set(row.target, attacker.name, isOpen ? `OPEN: ${shown}` : shown)
      if (isOpen) openings.push(`${row.target} to ${attacker.name}: ${shown}`)
    }
  }
  return { table, openings }
}
