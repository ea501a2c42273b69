import { effectiveReplicas } from '@dbcluster/metadata'
import { type DatabaseRecord, DbClusterError } from '@dbcluster/protocol'
import type { QueryComponents } from '../components.js'

/** Why a database could not serve, where that is so: this node reaches no majority of those that hold its replicas. */
export const majorityGone = (
  network: Pick<QueryComponents['network'], 'peerId' | 'connectedPeers'>,
  record: DatabaseRecord,
  cause: DbClusterError,
): DbClusterError | undefined => {
  const { name } = record
  const reached = new Set([network.peerId, ...network.connectedPeers()])
  const placed = effectiveReplicas(record).map((replica) => replica.peerId)
  const missing = placed.filter((peerId) => !reached.has(peerId))
  if (missing.length < placed.length / 2) return undefined
  return new DbClusterError(
    'DATABASE_UNAVAILABLE',
    `${name} is unavailable: ${missing.length} of the ${placed.length} nodes that hold it cannot be reached from here`,
    {
      hint: `nothing was applied. Bring one of the missing nodes back; if their data is lost for good, see "dbcluster db recover ${name}"`,
      details: { ...cause.details, lastCode: cause.code, missing_nodes: missing },
      cause,
    },
  )
}
