import type { ReplicaStart } from '../arguments/replica-spec.js'
import { raftStateOf } from '../process/raft-state.js'
import type { HostedReplicaRequest } from './replica-host.js'

/** Whether this start is one of a member, which has a directory to come back with. */
export const isOfMember = ({ kind }: ReplicaStart): boolean =>
  kind === 'restart' || kind === 'rejoin' || kind === 'recover'

/**
 * How a replica really is to start. A member restarts. One whose first start was cut short, though its cluster may
 * already count it in, repeats that start: rqlited takes a repeated one for done.
 * @returns undefined when it should have Raft state and has none
 */
export const startOf = async (
  { start, decree, assignment }: HostedReplicaRequest,
  directory: string,
): Promise<ReplicaStart | undefined> => {
  if (start.kind === 'bootstrap' || start.kind === 'warm') return start
  const state = await raftStateOf(directory)
  // Its first start as a member got further than its node heard.
  if (start.kind === 'join') return state === 'member' ? { kind: 'restart' } : start
  if (state === 'member') return start
  if (state === 'absent') return undefined
  const [first] = decree.replicas
  if (first === undefined || first.raftId === assignment.raftId) return { kind: 'bootstrap' }
  return { kind: 'join', addresses: [`${first.host}:${first.raftPort}`] }
}
