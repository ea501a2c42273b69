import { describe, expect, test } from '@jest/globals'
import { planRepair, type VoterCondition, type VoterStanding } from '../src/core/repair/repair-plan.js'

const voter = (
  raftId: string,
  condition: VoterCondition = 'sound',
  more: Partial<VoterStanding> = {},
): VoterStanding => ({
  raftId,
  peerId: raftId.toUpperCase(),
  condition,
  caughtUp: condition !== 'dead',
  load: 0.5,
  ...more,
})

const plan = (voters: readonly VoterStanding[], more: Partial<Parameters<typeof planRepair>[0]> = {}) =>
  planRepair({ voters, wanted: 3, ownRaftId: 'a', newcomerReady: false, ...more })

describe('the next step of a repair', () => {
  test('is none while all replicas are well, or only missed', () => {
    expect(plan([voter('a'), voter('b'), voter('c')])).toEqual({ kind: 'nothing' })
    expect(plan([voter('a'), voter('b'), voter('c', 'away')])).toEqual({ kind: 'nothing' })
  })

  test('removes a dead voter only once the newcomer is up, and lets that join only afterwards (I3)', () => {
    const voters = [voter('a'), voter('b'), voter('c', 'dead')]
    expect(plan(voters)).toEqual({ kind: 'seek' })
    expect(plan(voters, { newcomerReady: true })).toEqual({ kind: 'remove', raftId: 'c', why: 'dead' })
    expect(plan(voters.slice(0, 2), { newcomerReady: true })).toEqual({ kind: 'join' })
  })

  test('has a third join before a leader of two, whose node is dead, strikes itself off', () => {
    const two = [voter('a'), voter('b', 'dead')]
    const led = { leaderRaftId: 'b', wanted: 2 }
    expect(plan(two, led)).toEqual({ kind: 'seek' })
    expect(plan(two, { ...led, newcomerReady: true })).toEqual({ kind: 'join' })
    expect(plan([...two, voter('c')], led)).toEqual({ kind: 'remove', raftId: 'b', why: 'dead' })
    expect(plan(two, { ...led, leaderRaftId: 'a', newcomerReady: true })).toEqual({
      kind: 'remove',
      raftId: 'b',
      why: 'dead',
    })
  })

  test('removes a live one that leaves only after the newcomer has caught up (I3)', () => {
    const voters = [voter('a'), voter('b'), voter('c', 'leaving')]
    expect(plan(voters)).toEqual({ kind: 'seek' })
    expect(plan(voters, { newcomerReady: true })).toEqual({ kind: 'join' })
    const joined = [...voters, voter('d', 'sound', { caughtUp: false })]
    expect(plan(joined)).toEqual({ kind: 'wait' })
    expect(plan([...voters, voter('d')])).toEqual({ kind: 'remove', raftId: 'c', why: 'leaving' })
  })

  test('lets the leader’s own replica leave last, when its node is emptied', () => {
    const voters = [voter('a', 'leaving'), voter('b', 'leaving'), voter('c'), voter('d')]
    expect(plan(voters)).toEqual({ kind: 'remove', raftId: 'b', why: 'leaving' })
    expect(plan([voter('a', 'leaving'), voter('b'), voter('c'), voter('d')])).toEqual({
      kind: 'remove',
      raftId: 'a',
      why: 'leaving',
    })
  })

  test('with fewer replicas wanted takes the fullest node’s, never the leader’s, and keeps a majority that serves', () => {
    const five = ['a', 'b', 'c', 'd', 'e'].map((id) => voter(id, 'sound', { load: id === 'd' ? 0.9 : 0.1 }))
    expect(plan(five)).toEqual({ kind: 'remove', raftId: 'd', why: 'surplus' })
    const behind = [voter('a'), ...['b', 'c', 'd'].map((id) => voter(id, 'sound', { caughtUp: false }))]
    expect(plan(behind)).toEqual({ kind: 'wait' })
  })

  test('lets a live one that does not serve yet come up before it is removed: it may still be asking to join', () => {
    const joining = [voter('a'), voter('b'), voter('c'), voter('d', 'sound', { caughtUp: false })]
    expect(plan(joining)).toEqual({ kind: 'wait' })
    expect(plan([...joining.slice(0, 3), voter('d', 'dead')])).toEqual({ kind: 'remove', raftId: 'd', why: 'dead' })
  })

  test('with more replicas wanted looks for one newcomer after the other', () => {
    const three = [voter('a'), voter('b'), voter('c')]
    expect(plan(three, { wanted: 5 })).toEqual({ kind: 'seek' })
    expect(plan(three, { wanted: 5, newcomerReady: true })).toEqual({ kind: 'join' })
  })

  test('removes a dead one without a newcomer where it is one too many', () => {
    const four = [voter('a'), voter('b'), voter('c', 'dead'), voter('d')]
    expect(plan(four)).toEqual({ kind: 'remove', raftId: 'c', why: 'dead' })
  })
})
