import { hkdfSync } from 'node:crypto'

/**
 * A secret for one purpose, made from the cluster key with HKDF-SHA256 (RFC 5869): whoever learns it learns neither the
 * cluster key nor what was derived for another purpose. Same inputs, same secret, on every node.
 * @param clusterKey 32 bytes
 * @param purpose `dbcluster/<what>/<version>`; a new version is a new secret
 * @param bytes length of the secret, 16 to 64
 * @throws RangeError for another length, or an empty purpose
 */
export const deriveKey = (clusterKey: Uint8Array, purpose: string, bytes: number): Uint8Array => {
  if (!Number.isInteger(bytes) || bytes < 16 || bytes > 64) {
    throw new RangeError(`a derived key has 16 to 64 bytes, not ${bytes}`)
  }
  if (purpose === '') throw new RangeError('a derived key needs a purpose')
  return new Uint8Array(hkdfSync('sha256', clusterKey, new Uint8Array(0), purpose, bytes))
}
