import type { ReplicaSecrets } from '@dbcluster/rqlite'
import { deriveKey, type NetworkKeys } from '@dbcluster/runtime'

const SECRET_BYTES = 32

/** Replicas are protected by the cluster key, and while that is exchanged by the others that are accepted too. */
export const replicaSecrets = ({ clusterKey, acceptedClusterKeys }: NetworkKeys): ReplicaSecrets => ({
  derive: (purpose) => [clusterKey, ...acceptedClusterKeys].map((key) => deriveKey(key, purpose, SECRET_BYTES)),
})
