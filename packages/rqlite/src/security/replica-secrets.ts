/**
 * Makes secrets from the keys that all nodes of a network share, so that replicas on different nodes come to the same
 * ones without asking each other.
 */
export interface ReplicaSecrets {
  /**
   * The secrets for one purpose: the one in use first, then those that are accepted beside it while a key is exchanged.
   * @param purpose `dbcluster/<what>/<version>/<whose>`
   * @returns 32 bytes each; at least one
   */
  derive(purpose: string): readonly Uint8Array[]
}
