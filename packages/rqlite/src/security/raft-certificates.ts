import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { DbClusterError } from '@dbcluster/protocol'
import { encodeCertificate } from './encode-certificate.js'
import type { ReplicaSecrets } from './replica-secrets.js'

/**
 * The name in every replica's certificate, which its peers check (`-node-verify-server-name`). One for all: addresses
 * change, and which database it is follows from the authority.
 */
export const RAFT_SERVER_NAME = 'replica.dbcluster.internal'

/** How long a certificate is good for. */
export const CERTIFICATE_LIFETIME_MS = 365 * 24 * 3_600_000
/** Certificates count from so long ago, for machines whose clocks disagree. */
const BACKDATED_MS = 30 * 24 * 3_600_000

/** What one replica needs to speak TLS with the others of its database; texts in PEM. */
export interface RaftCertificates {
  readonly certificate: string
  readonly privateKey: string
  /** The authorities that sign certificates of this database, one for each key of the network. */
  readonly authorities: string
}

export interface RaftCertificatesInit {
  readonly clusterId: string
  /** Unix time in milliseconds. */
  readonly nowMs: number
  /** @default CERTIFICATE_LIFETIME_MS */
  readonly lifetimeMs?: number
}

/**
 * Each database has a certificate authority of its own, whose key follows from the network's: every node makes it for
 * itself, and none has to be sent. A replica of another database, met on a port that changed hands, is refused by it.
 * The replica's own key is random and is never used again.
 */
export const makeRaftCertificates = (secrets: ReplicaSecrets, init: RaftCertificatesInit): RaftCertificates => {
  const { clusterId, nowMs, lifetimeMs = CERTIFICATE_LIFETIME_MS } = init
  const validity = { notBefore: new Date(nowMs - BACKDATED_MS), notAfter: new Date(nowMs + lifetimeMs) }
  const authorities = secrets.derive(`dbcluster/rqlite-raft-ca/1/${clusterId}`).map((seed) => {
    const key = ed25519FromSeed(seed)
    const publicKey = createPublicKey(key)
    const name = `dbcluster ${clusterId} ${fingerprint(publicKey)}`
    const names = { issuer: name, subject: name }
    const pem = encodeCertificate({ ...names, ...validity, publicKey, issuerKey: key, use: { authority: true } })
    return { name, key, pem }
  })
  const [current] = authorities
  if (current === undefined) throw new DbClusterError('INTERNAL', 'replicas cannot be secured without a cluster key')
  const own = generateKeyPairSync('ed25519')
  return {
    certificate: encodeCertificate({
      ...validity,
      issuer: current.name,
      subject: RAFT_SERVER_NAME,
      publicKey: own.publicKey,
      issuerKey: current.key,
      use: { serverName: RAFT_SERVER_NAME },
    }),
    privateKey: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    authorities: authorities.map(({ pem }) => pem).join(''),
  }
}

/** What stands before the 32 bytes in an Ed25519 key's PKCS #8 form (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

const ed25519FromSeed = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })

const fingerprint = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16)
