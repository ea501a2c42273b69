import type { NodeStatus } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import { DrainProgress } from '../src/commands/drain-progress.js'

const MINUTE_MS = 60_000

const node = (peer_id: string, more: Partial<NodeStatus> = {}): NodeStatus => ({
  peer_id,
  health: 'healthy',
  last_seen: null,
  databases: 1,
  max_databases: 10,
  rqlite_version: '8',
  ...more,
})
const leaving = (names: readonly string[], more: Partial<NodeStatus> = {}): NodeStatus =>
  node('A', { draining: true, databases: names.length, leaving: names, ...more })

const start = (databases: number): DrainProgress => new DrainProgress('A', { databases, nowMs: 0 })

describe('the progress of a drain', () => {
  test('names what stays whenever something has moved, and ends when nothing is left', () => {
    const progress = start(8)
    const names = ['x_1', 'x_2', 'x_3', 'x_4', 'x_5', 'x_6', 'x_7']
    expect(progress.look([leaving(names), node('B')], 1_000)).toEqual([
      '7 replicas left: x_1, x_2, x_3, x_4, x_5 and 2 more',
    ])
    expect(progress.look([leaving(names), node('B')], 2_000)).toEqual([])
    expect(progress.look([leaving(['x_7']), node('B')], 3_000)).toEqual(['1 replica left: x_7'])
    expect(progress.isEmpty).toBe(false)
    expect(progress.look([leaving([]), node('B')], 4_000)).toEqual(['0 replicas left'])
    expect(progress.isEmpty).toBe(true)
  })

  test('says each minute that nothing moves, what stays, and why no other node takes it', () => {
    const progress = start(1)
    const nodes = [
      leaving(['x_1']),
      node('B', { databases: 10 }),
      node('C', { draining: true }),
      node('D', { health: 'suspect' }),
    ]
    expect(progress.look(nodes, MINUTE_MS - 1)).toEqual([])
    const [what, advice] = progress.look(nodes, MINUTE_MS)
    expect(what).toBe('1 replica left for 1 min now: x_1')
    expect(advice).toBe(
      '  No other node takes replicas (B is full with 10/10, C is being drained too, D is suspect): add a node, or make room with database.max_databases',
    )
    expect(progress.look(nodes, MINUTE_MS + 1_000)).toEqual([])
    expect(progress.look(nodes, 2 * MINUTE_MS)[0]).toBe('1 replica left for 2 min now: x_1')
  })

  test('points at replicas of the same database where other nodes have room', () => {
    const [, advice] = start(1).look([leaving(['x_1']), node('B')], MINUTE_MS)
    expect(advice).toContain('has none of the same database: add a node')
    expect(advice).toContain('dbcluster db set-replication')
  })

  test('ends with an error once nothing has moved for a quarter of an hour', () => {
    const progress = start(2)
    progress.look([leaving(['x_1'])], 14 * MINUTE_MS)
    expect(progress.look([leaving(['x_1'])], 28 * MINUTE_MS)).toHaveLength(2)
    expect(() => progress.look([leaving(['x_1'])], 29 * MINUTE_MS)).toThrow(
      expect.objectContaining({ code: 'TIMEOUT', hint: expect.stringContaining('--undo') }),
    )
  })

  test('ends when somebody undid it, but not before it was seen to begin', () => {
    const progress = start(1)
    expect(progress.look([node('A')], 1_000)).toEqual([])
    progress.look([leaving(['x_1'])], 2_000)
    expect(() => progress.look([node('A')], 3_000)).toThrow(expect.objectContaining({ code: 'CONFLICT' }))
  })

  test('does not take a node that is not seen for an empty one', () => {
    const progress = start(1)
    expect(progress.look([node('B')], 1_000)).toEqual([])
    expect(progress.isEmpty).toBe(false)
    expect(progress.look([node('B')], MINUTE_MS)[1]).toBe('  A does not answer: look at that node first')
  })
})
