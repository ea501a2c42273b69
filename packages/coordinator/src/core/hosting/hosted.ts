import type { DatabaseRecord, Decree, ReplicaAssignment } from '@dbcluster/protocol'
import type { LocalReplica, ReplicaStart } from '../events.js'
import { raftAddress } from '../repair/repair-facts.js'

/** The run of a replica that was never asleep. */
export const FIRST_RUN = { run: 1, asleep: false } as const

/** A replica of this node, with what is known of it in this life. */
export interface Hosted extends LocalReplica {
  readonly phase: 'running' | 'removing'
  /** When this node ends the matter if nobody has established the cluster by then. */
  readonly abandonAtMs: number
  /** rqlited gave up. */
  readonly failed?: boolean
  /** A newcomer that was told to join: when its rqlited said that it had, or gave up. Unset while it tries. */
  readonly triedMs?: number | undefined
  /** The recovery that its rqlited was started for in this life, unless that failed. */
  readonly recovering?: number | undefined
  /** A newcomer that was told to join: since when its leader says that it is no member. */
  readonly unwantedMs?: number | undefined
  /** It was here before this node's start, and nobody has said since that the record which disowns it is the newest. */
  readonly remembered?: boolean
}

/** A replica that comes in place of whatever of its name is here, once that is gone. */
export interface Arrival {
  readonly record: DatabaseRecord
  readonly assignment: ReplicaAssignment
  readonly leaseKey: string
}

/** What of it must survive a restart. */
export const localPart = ({
  phase: _,
  abandonAtMs: __,
  failed: ___,
  triedMs: ____,
  unwantedMs: _____,
  remembered: ______,
  recovering: _______,
  ...local
}: Hosted): LocalReplica => local

/** What stands for a replica that this node knows nothing of: a directory may be there that its store has lost. */
export const vacant = ({ name, decree }: DatabaseRecord, assignment: ReplicaAssignment): Hosted => ({
  name,
  generation: decree.generation,
  clusterId: decree.clusterId,
  assignment,
  spawned: false,
  ...FIRST_RUN,
  phase: 'running',
  abandonAtMs: 0,
})

/** Where it is now. */
export const presentAssignment = ({ assignment, address }: LocalReplica): ReplicaAssignment => ({
  ...assignment,
  ...address,
})

/** Whether a placement holds it: Raft has it as a member. */
export const isPlaced = (record: DatabaseRecord, replica: LocalReplica): boolean =>
  record.placement?.replicas.some(({ raftId }) => raftId === replica.assignment.raftId) ?? false

/** How its rqlited is to come up. */
export const startOf = (decree: Decree, replica: LocalReplica): ReplicaStart => {
  if (replica.role === 'warm') return { kind: 'warm' }
  if (replica.role === 'joining') return { kind: 'join', addresses: replica.joinAddresses ?? [] }
  if (replica.spawned) return { kind: 'restart' }
  const first = decree.replicas[0] ?? replica.assignment
  if (first.raftId === replica.assignment.raftId) return { kind: 'bootstrap' }
  return { kind: 'join', addresses: [`${first.host}:${first.raftPort}`] }
}

/** A replica as Raft's configuration names it. */
export const raftPeer = (assignment: ReplicaAssignment): { readonly id: string; readonly address: string } => ({
  id: assignment.raftId,
  address: raftAddress(assignment),
})
