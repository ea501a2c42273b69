import { effectiveReplicas } from '@dbcluster/metadata'
import { type DatabaseRecord, type DatabaseStatusResult, DbClusterError, toDbClusterError } from '@dbcluster/protocol'
import type { QueryComponents } from '../components.js'
import type { Ask } from '../passage.js'
import { forward } from '../routing/forwarder.js'
import { majorityGone } from '../routing/majority-gone.js'
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

type ChangeComponents = StatusComponents & Pick<QueryComponents, 'coordinator' | 'network'>

/** Sends a database to sleep or wakes it, through the first of its nodes that can do it, and tells its status. */
export const changeLife = async (components: ChangeComponents, about: LifeAsk): Promise<DatabaseStatusResult> => {
  const { coordinator } = components
  const { record, database, ask, wanted } = about
  await atOneNode(components, about)
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

/** Codes of nodes that did nothing, where another one may: its replica is lost or just being taken in, or it is gone. */
const NEXT_NODE_CODES: ReadonlySet<string> = new Set(['NOT_REPLICA', 'NODE_UNREACHABLE'])

/** Here if a replica is placed here, else, or if that one is out of order, at the other nodes in turn. */
const atOneNode = async (
  { coordinator, network }: ChangeComponents,
  { record, ask, wanted }: LifeAsk,
): Promise<void> => {
  const placed = effectiveReplicas(record)
    .map((replica) => replica.peerId)
    .sort()
  const connected = new Set(network.connectedPeers())
  const own = placed.filter((peerId) => peerId === network.peerId)
  // A node that was passed the request answers for itself: the first node is the one that goes on.
  const others = ask.hops > 0 ? [] : placed.filter((peerId) => peerId !== network.peerId && connected.has(peerId))
  let last: DbClusterError | undefined
  for (const peerId of [...own, ...others]) {
    ask.deadline.check()
    try {
      if (peerId === network.peerId) await unlessAborted(coordinator[wanted](record.name), ask.deadline.signal)
      else await forward(network, peerId, ask, { readOnly: true })
      return
    } catch (thrown) {
      last = toDbClusterError(thrown)
      if (ask.hops > 0) throw last
      if (last.code === 'DATABASE_WAKING') throw majorityGone(network, record, last) ?? last
      if (!NEXT_NODE_CODES.has(last.code)) throw last
    }
  }
  throw noWorkingReplica(record.name, placed, last)
}

const noWorkingReplica = (name: string, replicas: readonly string[], cause?: DbClusterError): DbClusterError =>
  new DbClusterError('DATABASE_UNAVAILABLE', `no node that can be reached from here has a working replica of ${name}`, {
    hint: 'the status of the database shows its replicas, that of the network which nodes are up',
    details: { replicas },
    cause,
  })
