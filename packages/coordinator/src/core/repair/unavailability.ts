import type { CoreContext } from '../context.js'
import type { RaftSeen } from './repair-events.js'
import { peerOfRaftId } from './repair-facts.js'
import type { Watch } from './repair-state.js'

/** So long without a leader, and a database is called unavailable: every election is over by then. */
const UNAVAILABLE_MS = 10_000

/** So long without a leader, and whoever should be heard of would have been, if it could be. */
const STRANDED_MS = 6_000

/** @returns whether its replica here has known no leader for long, again each time so much has passed */
export const isStranded = ({ nowMs }: CoreContext, watch: Watch): boolean => {
  if (watch.leaderlessSinceMs === undefined) return false
  if (nowMs - (watch.strandedSinceMs ?? watch.leaderlessSinceMs) < STRANDED_MS) return false
  watch.strandedSinceMs = nowMs
  return true
}

/** Says once that a database lost its majority, with what an operator can do, and once that it has it again. */
export const noteLeader = (context: CoreContext, name: string, watch: Watch, view: RaftSeen): void => {
  const { nowMs } = context
  if (view.leaderId !== undefined) {
    if (watch.saidUnavailable) context.log('info', 'Database is available again', { database: name })
    watch.saidUnavailable = false
    watch.leaderlessSinceMs = undefined
    watch.strandedSinceMs = undefined
    return
  }
  watch.leaderlessSinceMs ??= nowMs
  if (watch.saidUnavailable || nowMs - watch.leaderlessSinceMs < UNAVAILABLE_MS) return
  watch.saidUnavailable = true
  const missing = view.voters.map(({ id }) => peerOfRaftId(id)).filter((peerId) => !context.isLive(peerId))
  context.log('error', 'Database is unavailable: a majority of its replicas cannot be reached', {
    database: name,
    missing_nodes: missing,
    advice: `bring one of those nodes back; if their data is lost for good, see "dbcluster db recover ${name}"`,
  })
}
