import { effectiveReplicas } from '@dbcluster/metadata'
import { type DatabaseRecord, type DatabaseStatusResult, DbClusterError } from '@dbcluster/protocol'
import type { QueryComponents } from '../components.js'
import type { Ask } from '../passage.js'
import { forward } from '../routing/forwarder.js'
import { unlessAborted } from '../wait.js'
import { databaseStatus, type StatusComponents } from './status.js'

/** One replica read through Raft, so a majority works; the others say so of themselves some milliseconds later. */
const SETTLE = { looks: 40, pauseMs: 50 } as const

/** What is asked of a database as a whole. */
export interface LifeAsk {
  readonly record: DatabaseRecord
  readonly database: string
  readonly ask: Ask
  readonly wanted: 'hibernate' | 'wake'
}

/** Sends a database to sleep or wakes it, through the first of its nodes that can be reached, and tells its status. */
export const changeLife = async (
  components: StatusComponents & Pick<QueryComponents, 'coordinator' | 'network'>,
  about: LifeAsk,
): Promise<DatabaseStatusResult> => {
  const { coordinator, network } = components
  const { record, database, ask, wanted } = about
  const placed = effectiveReplicas(record)
    .map((replica) => replica.peerId)
    .sort()
  const connected = new Set(network.connectedPeers())
  if (placed.includes(network.peerId)) await unlessAborted(coordinator[wanted](record.name), ask.deadline.signal)
  else {
    const target = placed.find((peerId) => connected.has(peerId))
    if (target === undefined || ask.hops > 0) throw unreachable(record.name, placed)
    await forward(network, target, ask, { readOnly: true })
  }
  // The others are asked how they do, not to do it again.
  const request: Ask['request'] = { ...ask.request, operation: { op: 'status', database } }
  const look = (): Promise<DatabaseStatusResult> =>
    databaseStatus(components, {
      record: coordinator.database(record.name) ?? record,
      database,
      ask: { ...ask, request },
    })
  let status = await look()
  const settles = wanted === 'wake' && ask.hops === 0
  for (let looks = 1; settles && status.status === 'waking' && looks < SETTLE.looks; looks += 1) {
    await ask.deadline.pause(SETTLE.pauseMs)
    status = await look()
  }
  return status
}

const unreachable = (name: string, replicas: readonly string[]): DbClusterError =>
  new DbClusterError('DATABASE_UNAVAILABLE', `none of the nodes that hold ${name} can be reached from here`, {
    hint: 'the status of the network shows which nodes are up',
    details: { replicas },
  })
