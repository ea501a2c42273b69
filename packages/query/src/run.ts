import type { DatabaseRecord } from '@dbcluster/protocol'
import type { CallOptions } from '@dbcluster/rqlite'
import type { SqlPlanner } from '@dbcluster/sql'
import type { QueryLimits } from './admission/query-limits.js'
import type { LocalReplica } from './components.js'
import type { Passage } from './passage.js'
import type { ExactReads } from './reads/exact-reads.js'
import type { ReplicaSessions } from './routing/replica-sessions.js'
import type { GroupCommit } from './writes/group-commit.js'
import type { KnownSchemas } from './writes/known-schemas.js'

/** What running operations on replicas takes. */
export interface RunComponents {
  readonly planner: SqlPlanner
  readonly limits: QueryLimits
  readonly sessions: ReplicaSessions
  readonly reads: ExactReads
  readonly writes: GroupCommit
  readonly schemas: KnownSchemas
}

/** One operation on the replica of this node. */
export interface Run extends RunComponents {
  readonly record: DatabaseRecord
  readonly passage: Passage
  readonly replica: LocalReplica
}

/** What is left of the caller's patience. */
export const callOptions = ({ passage: { deadline, throughFollower = false } }: Run): Required<CallOptions> => ({
  forward: throughFollower,
  signal: deadline.signal,
  timeoutMs: Math.max(1, Math.ceil(deadline.leftMs())),
})

/**
 * Reads what the leader holds, once it has certainly applied all that was acknowledged before: proved once for its term
 * where it is ours; where our follower reaches it for us the router has proved it just now.
 */
export const readApplied = <T>(run: Run, reading: () => Promise<T>): Promise<T> => {
  const { deadline, throughFollower } = run.passage
  return throughFollower === true ? reading() : run.sessions.readApplied(run.record.name, deadline.signal, reading)
}
