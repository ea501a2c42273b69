/**
 * How fresh a read is.
 * - `none`: whatever the replica at hand holds; may be stale.
 * - `weak` (default): from the node that believes itself leader and has applied its log; stale only while a new
 *   leader is being elected elsewhere.
 * - `linearizable`: the leader confirms its leadership first; what was acknowledged anywhere before is seen.
 * - `strong`: the read travels through the Raft log.
 * Never silently less than asked (https://rqlite.io/docs/api/read-consistency/).
 */
export const CONSISTENCIES = ['none', 'weak', 'linearizable', 'strong'] as const
export type Consistency = (typeof CONSISTENCIES)[number]
