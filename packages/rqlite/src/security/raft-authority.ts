import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { encodeCertificate } from './encode-certificate.js'

const DAY_MS = 24 * 3_600_000
/** How long a replica's certificate is good for. */
export const CERTIFICATE_LIFETIME_MS = 365 * DAY_MS
/** An authority is made anew at each start of a node, so that it outlives all that it signs. */
const AUTHORITY_LIFETIME_MS = 10 * CERTIFICATE_LIFETIME_MS
/** Certificates count from so long ago, for machines whose clocks disagree. */
const BACKDATED_MS = 30 * DAY_MS

/** What one replica needs to speak TLS with the others of its database; texts in PEM. */
export interface RaftCertificates {
  readonly certificate: string
  readonly privateKey: string
  /** The authorities whose certificates are accepted: one for each key of the network. */
  readonly authorities: string
}

/** Signs the certificates of one node's replicas. */
export interface RaftAuthority {
  /**
   * @param serverName what peers expect in it: {@link raftServerName}
   * @param nowMs Unix time in milliseconds
   */
  issue(serverName: string, nowMs: number, lifetimeMs: number): RaftCertificates
}

/** The Raft cluster that a replica speaks with. */
export interface RaftHistory {
  readonly clusterId: string
  /** Counts how often an operator recovered it from one replica alone; each begins a new history. @default 0 */
  readonly recovery?: number
}

/**
 * The name that a replica's certificate bears and its peers ask for (`-node-verify-server-name`): that of its database,
 * not its address. A replica of another database, met on a port that changed hands, is refused by it. So is the database's
 * own, once it was recovered from one replica: the others may come back as a majority before they hear of that, and
 * Raft follows whoever brings a higher term, and drops what it had, without a look at who is a member.
 */
export const raftServerName = ({ clusterId, recovery = 0 }: RaftHistory): string =>
  `${recovery === 0 ? '' : `r${recovery}.`}${clusterId}.dbcluster.internal`

/**
 * The authority that all nodes with the same seed have alike: each makes it for itself, and none is sent. The first
 * seed signs, the others are accepted.
 * @param seeds 32 bytes each
 */
export const createRaftAuthority = (
  seeds: readonly [Uint8Array, ...Uint8Array[]],
  createdMs: number,
): RaftAuthority => {
  const [signing, ...accepted] = seeds
  const current = authorityFrom(signing, createdMs)
  const authorities = [current, ...accepted.map((seed) => authorityFrom(seed, createdMs))]
    .map(({ pem }) => pem)
    .join('')
  // One key for all replicas of this run of the node: what they may do, they may do together.
  const own = generateKeyPairSync('ed25519')
  const privateKey = own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return {
    issue: (serverName, nowMs, lifetimeMs) => {
      const certificate = encodeCertificate({
        issuer: current.name,
        subject: 'dbcluster replica',
        publicKey: own.publicKey,
        issuerKey: current.key,
        notBefore: new Date(nowMs - BACKDATED_MS),
        notAfter: new Date(nowMs + lifetimeMs),
        use: { serverName },
      })
      return { certificate, privateKey, authorities }
    },
  }
}

interface Authority {
  readonly name: string
  readonly key: KeyObject
  readonly pem: string
}

const authorityFrom = (seed: Uint8Array, nowMs: number): Authority => {
  const key = ed25519FromSeed(seed)
  const publicKey = createPublicKey(key)
  // Two authorities of one bundle are told apart by their names.
  const name = `dbcluster ${fingerprint(publicKey)}`
  const pem = encodeCertificate({
    issuer: name,
    subject: name,
    publicKey,
    issuerKey: key,
    notBefore: new Date(nowMs - BACKDATED_MS),
    notAfter: new Date(nowMs + AUTHORITY_LIFETIME_MS),
    use: { authority: true },
  })
  return { name, key, pem }
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
