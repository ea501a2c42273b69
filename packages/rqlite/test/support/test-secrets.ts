import { hkdfSync } from 'node:crypto'
import type { ReplicaSecrets } from '../../src/index.js'

/** Secrets as a node derives them, from keys named by texts: the one in use, then the accepted ones. */
export const testSecrets = (...keys: readonly string[]): ReplicaSecrets => ({
  derive: (purpose) => keys.map((key) => new Uint8Array(hkdfSync('sha256', key, '', purpose, 32))),
})
