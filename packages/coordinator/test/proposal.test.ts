import type { ReplicaAssignment } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import {
  chooseReplicas,
  countPromise,
  countRefusal,
  describeDeclines,
  EMPTY_TALLY,
  mustPropose,
  nextBallot,
} from '../src/core/consensus/proposal.js'
import { ballotOf, clusterIdOf, voteOf } from './support/decrees.js'

const offerOf = (peerId: string): ReplicaAssignment => ({
  peerId,
  raftId: `${peerId}.1`,
  host: 'h',
  httpPort: 5001,
  raftPort: 7001,
})

describe('what must be proposed', () => {
  const cases = [
    { name: 'nothing where nobody voted', votes: [], must: undefined },
    { name: 'nothing where there are reservations only', votes: [voteOf(3, 1, false)], must: undefined },
    { name: 'the cluster of a vote for good', votes: [voteOf(3, 1, true)], must: 1 },
    {
      name: 'the cluster of a vote for good that was reserved again later',
      votes: [voteOf(2, 1, true), voteOf(3, 1, false)],
      must: 1,
    },
    {
      name: 'nothing where a later ballot went to another cluster: the earlier one cannot have been chosen',
      votes: [voteOf(1, 1, true), voteOf(2, 2, false)],
      must: undefined,
    },
    { name: 'the later of two votes for good', votes: [voteOf(1, 1, true), voteOf(2, 2, true)], must: 2 },
  ]
  for (const { name, votes, must } of cases) {
    test(name, () => {
      const expected = must === undefined ? undefined : clusterIdOf(must)
      expect(mustPropose(votes)?.clusterId).toBe(expected)
      expect(mustPropose([...votes].reverse())?.clusterId).toBe(expected)
    })
  }
})

describe('the tally of promises', () => {
  test('counts a node once, and an offer only for the node that makes it', () => {
    const once = countPromise(EMPTY_TALLY, 'NodeA', { offer: offerOf('NodeA') })
    expect(countPromise(once, 'NodeA', { declined: 'full' })).toBe(once)
    expect(countPromise(once, 'NodeB', { offer: offerOf('NodeC') }).offers).toEqual([offerOf('NodeA')])
    expect(countRefusal(once, 'NodeB')).toMatchObject({ promises: new Set(['NodeA']), refused: new Set(['NodeB']) })
  })

  test('says who declined and why, in the order of names', () => {
    const declined = new Map([
      ['NodeB', 'no_ports'],
      ['NodeA', 'full'],
    ] as const)
    expect(describeDeclines(declined)).toBe('full on NodeA, no_ports on NodeB')
  })
})

describe('choosing replicas', () => {
  test('takes the least loaded, ties by peer id, and lets the coordinator bootstrap', () => {
    const load = new Map([
      ['NodeA', 0.5],
      ['NodeB', 0],
      ['NodeC', 0],
      ['NodeD', 0.2],
    ])
    const choose = (coordinator: string): string[] =>
      chooseReplicas(['NodeD', 'NodeC', 'NodeB', 'NodeA'].map(offerOf), {
        count: 3,
        coordinator,
        loadOf: (peerId) => load.get(peerId) ?? 0,
      }).map(({ peerId }) => peerId)
    expect(choose('NodeX')).toEqual(['NodeB', 'NodeC', 'NodeD'])
    expect(choose('NodeD')).toEqual(['NodeD', 'NodeB', 'NodeC'])
    expect(choose('NodeA')).toEqual(['NodeB', 'NodeC', 'NodeD'])
  })
})

test('the next ballot is above everything seen', () => {
  expect(nextBallot('NodeB', [])).toEqual(ballotOf(1, 'NodeB'))
  expect(nextBallot('NodeB', [ballotOf(4), undefined, ballotOf(2)])).toEqual(ballotOf(5, 'NodeB'))
})
