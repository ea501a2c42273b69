import type { DatabaseRecord } from '@dbcluster/protocol'
import type { CallOptions } from '@dbcluster/rqlite'
import type { SqlPlanner } from '@dbcluster/sql'
import type { LocalReplica } from './components.js'
import type { ExactReads } from './exact-reads.js'
import type { Passage } from './passage.js'
import type { ReplicaSessions } from './replica-sessions.js'

/** What running operations on replicas takes. */
export interface RunComponents {
  readonly planner: SqlPlanner
  readonly sessions: ReplicaSessions
  readonly reads: ExactReads
}

/** One operation on the replica of this node. */
export interface Run extends RunComponents {
  readonly record: DatabaseRecord
  readonly passage: Passage
  readonly replica: LocalReplica
}

/** What is left of the caller's patience. */
export const callOptions = ({ passage: { deadline } }: Run): Required<CallOptions> => ({
  signal: deadline.signal,
  timeoutMs: Math.max(1, Math.ceil(deadline.leftMs())),
})
