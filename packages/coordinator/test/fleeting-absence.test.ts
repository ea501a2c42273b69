import { MetadataTable } from '@dbcluster/metadata'
import type { DatabaseRecord } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import { resolveConfig } from '../src/core/config.js'
import { CoreContext } from '../src/core/context.js'
import { isFleetingAbsence } from '../src/core/repair/fleeting-absence.js'
import { newWatch } from '../src/core/repair/repair-state.js'
import { decreeOf } from './support/decrees.js'

const decree = {
  ...decreeOf(5),
  replicas: ['NodeA', 'NodeB', 'NodeC'].map((peerId) => ({
    ...{ peerId, raftId: `${peerId}.1`, host: peerId },
    ...{ httpPort: 5001, raftPort: 7001 },
  })),
}
const voters = decree.replicas.map(({ raftId }) => ({ id: raftId, address: 'h:1' }))
const viewOf = (count: number) => ({
  raftId: voters[0]?.id ?? '',
  isLeader: true,
  lastLogIndex: 9,
  voters: voters.slice(0, count),
})
const recordOf = (status: 'active' | 'starting'): DatabaseRecord => ({
  kind: 'database',
  name: 'app_users',
  decree,
  established: true,
  deleted: false,
  clock: {},
  replicas: {
    NodeC: { clock: {}, value: { clusterId: decree.clusterId, status } },
  },
})

describe('a placed member that is no voter', () => {
  const look = (afterMs: number, status: 'active' | 'starting', live = true, removed?: string): boolean => {
    const context = new CoreContext({
      config: resolveConfig({ rqliteMajor: 8 }),
      self: { peerId: 'NodeA', incarnation: 'a'.repeat(16) },
      table: new MetadataTable({ actor: 'NodeA/a' }),
    })
    for (const peerId of live ? ['NodeB', 'NodeC'] : ['NodeB']) context.connected.add(peerId)
    const watch = newWatch(decree.clusterId, 0)
    if (removed !== undefined) watch.removed = removed
    isFleetingAbsence(context, watch, { record: recordOf(status), view: viewOf(2) })
    context.nowMs = afterMs
    return isFleetingAbsence(context, watch, { record: recordOf(status), view: viewOf(2) })
  }

  test('may be changing its address: what is done about it waits', () => {
    expect(look(500, 'active')).toBe(true)
    expect(look(8_000, 'starting')).toBe(true)
  })

  test('has left when it stays away, and at once when its node is gone', () => {
    expect(look(1_500, 'active')).toBe(false)
    expect(look(13_000, 'starting')).toBe(false)
    expect(look(0, 'starting', false)).toBe(false)
    expect(look(0, 'starting', true, 'NodeC.1')).toBe(false)
  })
})
