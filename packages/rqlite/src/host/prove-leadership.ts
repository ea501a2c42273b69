import type { RqliteClient } from '../client/rqlite-client.js'
import type { RaftView } from '../client/types.js'

/**
 * What a leader that has just proved itself by a read through Raft knows of Raft: its voters are those of a configuration
 * that is committed, or is about to be. Undefined when this rqlited does not lead.
 */
export const proveLeadership = async (client: RqliteClient, timeoutMs: number): Promise<RaftView | undefined> => {
  const look = (): Promise<RaftView | undefined> => client.status({ timeoutMs }).catch(() => undefined)
  const before = await look()
  if (before?.isLeader !== true) return undefined
  const proved = await client.readThroughRaft({ timeoutMs }).then(
    () => true,
    () => false,
  )
  const after = proved ? await look() : undefined
  return after?.isLeader === true && after.term === before.term ? after : undefined
}
