import { hkdfSync } from 'node:crypto'
import { createReplicaSecurity, type ReplicaSecurity } from '../../src/index.js'

/** Security as a node makes it, from keys named by texts: the one in use, then the accepted ones. */
export const testSecurity = (...keys: readonly string[]): ReplicaSecurity =>
  createReplicaSecurity({
    derive: (purpose) => keys.map((key) => new Uint8Array(hkdfSync('sha256', key, '', purpose, 32))),
  })
