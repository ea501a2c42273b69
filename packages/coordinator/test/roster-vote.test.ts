import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { RosterVote } from '../src/core/events.js'
import { membersAfter, rosterAfter } from '../src/core/roster/roster-after.js'
import { acceptRoster, promiseRoster } from '../src/core/roster/roster-vote.js'
import { ballotOf } from './support/decrees.js'
import { memberOf, rosterOf } from './support/local-cluster.js'
import { SimpleAcceptor } from './support/simple-acceptor.js'

describe('votes on the next roster', () => {
  test('are those of the simplest acceptor there is', () => {
    const schedule = fc.array(
      fc.record({
        phase: fc.constantFrom(1, 2),
        round: fc.integer({ min: 1, max: 6 }),
        by: fc.constantFrom('NodeA', 'NodeB'),
      }),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(schedule, (moves) => {
        const simple = new SimpleAcceptor<string>()
        let vote: RosterVote | undefined
        for (const { phase, round, by } of moves) {
          const ballot = ballotOf(round, by)
          const roster = rosterOf(['NodeA', `Node${round}${by}`], 2)
          const verdict = phase === 1 ? promiseRoster(vote, 2, ballot) : acceptRoster(vote, ballot, roster)
          const expected =
            phase === 1 ? simple.prepare(ballot) !== undefined : simple.accept(ballot, JSON.stringify(roster))
          expect(verdict.granted).toBe(expected)
          if (verdict.granted) vote = verdict.vote
          expect(vote?.accepted === undefined ? undefined : JSON.stringify(vote.accepted.roster)).toBe(
            simple.accepted?.value,
          )
        }
      }),
      { numRuns: 300 },
    )
  })

  test('for one epoch say nothing about the next', () => {
    const vote: RosterVote = {
      epoch: 2,
      promised: ballotOf(9),
      accepted: { ballot: ballotOf(9), roster: rosterOf(['NodeA'], 2) },
    }
    expect(promiseRoster(vote, 3, ballotOf(1))).toEqual({ granted: true, vote: { epoch: 3, promised: ballotOf(1) } })
  })
})

describe('the roster after a change', () => {
  const roster = rosterOf(['NodeA', 'NodeC'])

  test('has one member more, in order, or one less', () => {
    expect(rosterAfter(roster, { add: memberOf('NodeB') })).toEqual(rosterOf(['NodeA', 'NodeB', 'NodeC'], 2))
    expect(rosterAfter(roster, { remove: memberOf('NodeA') })).toEqual(rosterOf(['NodeC'], 2))
  })

  test('is none where the change does not apply', () => {
    expect(rosterAfter(roster, { add: memberOf('NodeA') })).toBeUndefined()
    expect(rosterAfter(roster, { remove: memberOf('NodeB') })).toBeUndefined()
    expect(rosterAfter(rosterOf(['NodeA']), { remove: memberOf('NodeA') })).toBeUndefined()
  })

  test('never has more members than every acceptor is made to hold', () => {
    const full = rosterOf(Array.from({ length: 64 }, (_, index) => `Node${String(index).padStart(2, '0')}`))
    expect(rosterAfter(full, { add: memberOf('NodeX') })).toBeUndefined()
  })

  test('removes one incarnation, not another of the same peer', () => {
    const other = { peerId: 'NodeA', incarnation: 'ffffffffffffffff' }
    expect(membersAfter(roster, { remove: other })).toHaveLength(2)
  })
})
