import type { Operation } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import { Placements } from '../src/libp2p/placements.js'
import { Router } from '../src/libp2p/router.js'
import { ATTEMPTS_MAX, backoffMs, worthAnotherAttempt } from '../src/retry.js'

const write: Operation = { op: 'execute', database: 'users', statement: { sql: 'I' } }
const read: Operation = { op: 'query', database: 'users', statement: { sql: 'S' } }
const staleRead: Operation = { op: 'query', database: 'users', statement: { sql: 'S' }, consistency: 'none' }

describe('the router', () => {
  const make = (connected: readonly string[]) => {
    const placements = new Placements()
    placements.set('k', ['leader', 'follower'])
    return { placements, router: new Router(placements, () => connected) }
  }

  test('goes to the leader, then the other replicas, then anybody, then round again', () => {
    const { router } = make(['other', 'follower', 'leader'])
    const failed = new Set<string>()
    const order = [write, read].map((operation) => router.choose(operation, 'k', failed))
    expect(order).toEqual(['leader', 'leader'])
    for (const expected of ['leader', 'follower', 'other']) {
      const peer = router.choose(write, 'k', failed)
      expect(peer).toBe(expected)
      failed.add(String(peer))
    }
    expect(router.choose(write, 'k', failed)).toBe('leader')
  })

  test('never chooses a node that is not connected, and none when none is', () => {
    expect(make(['other']).router.choose(write, 'k', new Set())).toBe('other')
    expect(make([]).router.choose(write, 'k', new Set())).toBeUndefined()
  })

  test('spreads reads that may be stale over the replicas, and what has no placement over all nodes', () => {
    const { router } = make(['other', 'follower', 'leader'])
    const times = Array.from({ length: 6 })
    expect(new Set(times.map(() => router.choose(staleRead, 'k', new Set())))).toEqual(new Set(['leader', 'follower']))
    expect(new Set(times.map(() => router.choose({ op: 'list' }, undefined, new Set()))).size).toBe(3)
  })
})

describe('placements', () => {
  test('stay within their bound, the one used longest ago going first', () => {
    const placements = new Placements(2)
    placements.set('a', ['1'])
    placements.set('b', ['1'])
    placements.get('a')
    placements.set('c', ['1'])
    expect(['a', 'b', 'c'].map((key) => placements.get(key) !== undefined)).toEqual([true, false, true])
    expect(placements.size).toBe(2)
  })

  test('follow the leader, and are asked for again when somebody else led', () => {
    const placements = new Placements()
    placements.set('a', ['1', '2', '3'])
    placements.ledBy('a', '3')
    expect(placements.get('a')).toEqual(['3', '1', '2'])
    placements.ledBy('a', '9')
    expect(placements.get('a')).toBeUndefined()
  })
})

describe('retries', () => {
  test('wait longer each time, within bounds, long enough for an election in all', () => {
    const pauses = Array.from({ length: ATTEMPTS_MAX - 1 }, (_, at) => backoffMs(at + 1, () => 0.5))
    expect(pauses.every((pause, at) => pause >= (pauses[at - 1] ?? 0) && pause <= 500)).toBe(true)
    expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeGreaterThan(1_500)
    expect(backoffMs(3, () => 0)).toBe(50)
    expect(backoffMs(3, () => 1)).toBe(100)
  })

  test('are for what was not applied; an unknown outcome only for what may happen twice', () => {
    expect(worthAnotherAttempt('NO_LEADER', true)).toBe(true)
    expect(worthAnotherAttempt('OUTCOME_UNKNOWN', true)).toBe(false)
    expect(worthAnotherAttempt('OUTCOME_UNKNOWN', false)).toBe(true)
    for (const code of [
      'DATABASE_WAKING',
      'TIMEOUT',
      'CANCELLED',
      'SQL_ERROR',
      'INTERNAL',
      'RATE_LIMITED',
      'SOMETHING_NEW',
    ]) {
      expect(worthAnotherAttempt(code, false)).toBe(false)
    }
  })
})
