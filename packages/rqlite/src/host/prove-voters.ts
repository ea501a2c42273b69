import type { RqliteClient } from '../client/rqlite-client.js'
import type { RaftView } from '../client/types.js'

/**
 * The configuration that a cluster has committed, with the log's index at that time: what stood in the log when it was
 * looked at, by a rqlited that led before and after, or that follows one leader, is committed once an entry that came
 * later is. Undefined when that could not be shown.
 */
export const proveVoters = async (client: RqliteClient, timeoutMs: number): Promise<RaftView | undefined> => {
  const before = await client.status({ timeoutMs }).catch(() => undefined)
  if (before?.leaderId === undefined) return undefined
  const proved = await client.readThroughRaft({ timeoutMs, forward: !before.isLeader }).then(
    () => true,
    () => false,
  )
  const after = proved ? await client.status({ timeoutMs }).catch(() => undefined) : undefined
  const same = after?.isLeader === before.isLeader && after.leaderId === before.leaderId && after.term === before.term
  return same ? before : undefined
}
