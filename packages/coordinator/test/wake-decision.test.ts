import type { StopRecord } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import type { WakeReport } from '../src/core/life/life.js'
import { decideWake, type WakeSituation } from '../src/core/life/wake-decision.js'

const VOTERS = ['a', 'b', 'c']
const record = (lastIndex = 9): StopRecord => ({
  clusterId: '1'.repeat(32),
  run: 1,
  lastIndex,
  lastTerm: 2,
  voters: VOTERS.map((id) => ({ id, address: `h:${id}` })),
})
const report = (raftId: string, kept: boolean, more: Partial<WakeReport> = {}): WakeReport => ({
  kept,
  address: { raftId, host: 'h', httpPort: 1, raftPort: kept ? 2 : 3 },
  ...more,
})
const stopped = (raftId: string, kept: boolean, lastIndex = 9): WakeReport =>
  report(raftId, kept, { stopRecord: record(lastIndex) })
const decide = (own: WakeReport, reports: readonly WakeReport[], more: Partial<WakeSituation> = {}) =>
  decideWake({ voters: VOTERS, own, reports, active: 0, complete: false, ...more })
const RECOVERED = { kind: 'recover', peers: VOTERS.map((id) => ({ id, address: 'h:3' })) }

describe('how a waking replica starts', () => {
  test('as it was, once a majority has its ports', () => {
    expect(decide(report('a', true), [])).toBeUndefined()
    expect(decide(report('a', true), [report('b', true)])).toEqual({ kind: 'restart' })
  })

  test('moved, by joining the others under the new address, when they serve and not earlier', () => {
    const others = [report('b', true), report('c', true)]
    expect(decide(report('a', false), others)).toBeUndefined()
    expect(decide(report('a', false), others, { complete: true })).toBeUndefined()
    expect(decide(report('a', false), others, { active: 1, complete: true })).toBeUndefined()
    expect(decide(report('a', false), others, { active: 2 })).toEqual({ kind: 'rejoin', addresses: ['h:2', 'h:2'] })
  })

  test('moved, not through nobody: it waits until those that serve have said where', () => {
    expect(decide(report('a', false), [], { active: 2, complete: true })).toBeUndefined()
  })

  test('all moved: with the new addresses of all, if everybody stopped at one index', () => {
    expect(decide(stopped('a', false), [stopped('b', false), stopped('c', false)])).toEqual(RECOVERED)
  })

  test.each([
    ['one is not here', [stopped('b', false)]],
    ['one has no record', [stopped('b', false), report('c', false)]],
    ['one stopped elsewhere', [stopped('b', false), stopped('c', false, 8)]],
    ['a stranger is among them', [stopped('b', false), stopped('x', false)]],
  ])('all moved, and %s: not at all, however long it takes', (_, reports) => {
    expect(decide(stopped('a', false), reports, { complete: true })).toBeUndefined()
  })

  const recovery = VOTERS.map((id) => ({ id, address: 'h:3' }))
  const begun = (lastIndex?: number): WakeReport => report('b', false, { recovery, stopRecord: record(lastIndex) })

  test('a recovery that another one began is followed with the same addresses, if it has ours', () => {
    expect(decide(stopped('a', false), [begun()])).toEqual(RECOVERED)
    expect(decide(stopped('a', true), [begun()])).toBeUndefined()
  })

  test('a recovery of one that stopped where we did not is not followed, but reaches us where it has us', () => {
    for (const own of [stopped('a', false, 8), report('a', false)])
      expect(decide(own, [begun()])).toEqual({ kind: 'restart' })
  })

  test('a recovery that another one began has us elsewhere: we move there first, unless a majority has kept its ports', () => {
    const own = stopped('a', true)
    expect(decide(own, [begun()])).toBeUndefined()
    expect(decide(own, [begun()], { complete: true })).toEqual({ kind: 'move', host: 'h', raftPort: 3 })
    expect(decide(own, [begun(), report('c', true)], { complete: true })).toEqual({ kind: 'restart' })
  })

  test('and it cannot be had: as it was it would find nobody, so it keeps its stop record and waits', () => {
    expect(decide(stopped('a', true), [begun()], { complete: true, sought: true })).toBeUndefined()
  })

  test('and all are here: it recovers with the ports that it has', () => {
    const reports = [begun(), stopped('c', false)]
    const peers = [
      { id: 'a', address: 'h:2' },
      { id: 'b', address: 'h:3' },
      { id: 'c', address: 'h:3' },
    ]
    expect(decide(stopped('a', true), reports)).toEqual({ kind: 'move', host: 'h', raftPort: 3 })
    expect(decide(stopped('a', true), reports, { sought: true })).toEqual({ kind: 'recover', peers })
  })

  test('and the others serve: it starts as it was, and joins them then', () => {
    const others = [begun(), report('c', false)]
    expect(decide(stopped('a', true), others, { complete: true, active: 2 })).toEqual({ kind: 'restart' })
  })

  test('two of three, one of them moved: the moved one is the majority that the other cannot be', () => {
    expect(decide(stopped('a', false), [stopped('b', true)])).toBeUndefined()
    expect(decide(stopped('a', false), [stopped('b', true)], { complete: true })).toEqual({ kind: 'restart' })
    expect(decide(stopped('b', true), [stopped('a', false)], { complete: true })).toEqual({ kind: 'restart' })
  })

  test('a database of one replica that moved takes its new address', () => {
    const alone = { ...record(), voters: [{ id: 'a', address: 'h:a' }] }
    const own = report('a', false, { stopRecord: alone })
    expect(decideWake({ voters: ['a'], own, reports: [], active: 0, complete: false })).toEqual({
      kind: 'recover',
      peers: [{ id: 'a', address: 'h:3' }],
    })
  })
})
