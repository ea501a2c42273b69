import { createHash, randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { createReplicaSecurity } from '@dbcluster/rqlite'
import {
  type Attempt,
  type AttemptResult,
  RAFT_GREETING,
  RQLITED_ENDPOINTS,
  RQLITED_NODE_REQUESTS,
  type RqlitedRef,
} from '@dbcluster/testkit'
import type { AttackRow } from './attack.js'

const HOST = '127.0.0.1'
const LENGTH_BYTES = 8
/** Who is asked answers, on a busy machine too. */
const ANSWER_MS = 15_000

/** The replicas of one database, and what is known of them. */
export interface RqlitedTargets {
  readonly replicas: readonly Pick<RqlitedRef, 'httpPort' | 'raftPort'>[]
  readonly clusterId: string
  /** The node has not said at its start that its rqlited lets everybody in. */
  readonly checksRaftClients: boolean
}

/** Both ports of each replica of a database. */
export const rqlitedRows = (targets: RqlitedTargets): readonly AttackRow[] => [
  ...RQLITED_ENDPOINTS.map((endpoint) => httpRow(targets, endpoint)),
  ...raftRows(targets),
]

const httpRow = ({ replicas }: RqlitedTargets, endpoint: string): AttackRow => {
  const [method = '', path = ''] = endpoint.split(' ')
  return {
    target: `rqlited ${endpoint}`,
    attempts: ({ credential }) =>
      replicas.flatMap(({ httpPort }) =>
        credentialHeaders(credential).map((headers) => ({
          kind: 'http' as const,
          url: `http://${HOST}:${httpPort}${path}`,
          method,
          headers,
          ...(method === 'POST' ? { body: '["SELECT 1"]' } : {}),
        })),
      ),
    outcome: ({ outcome, status }) => String(status ?? outcome),
    held: () => ['401'],
  }
}

const credentialHeaders = (credential: string): readonly Readonly<Record<string, string>>[] =>
  credential === ''
    ? [{}]
    : [
        { authorization: `Bearer ${credential}` },
        { authorization: `Basic ${Buffer.from(`dbcluster:${credential}`).toString('base64')}` },
      ]

const raftRows = ({ replicas, clusterId, checksRaftClients }: RqlitedTargets): readonly AttackRow[] => {
  const foreign = certificateOfAnotherCluster(clusterId)
  const greet = (how: string, hex: string, tls?: object): AttackRow => ({
    target: `rqlited Raft, ${how}`,
    attempts: () => replicas.map(({ raftPort }) => knockOn(raftPort, { hex, tls })),
    outcome: ({ outcome }) => (outcome === 'silent' ? 'let in' : outcome),
    // Which binaries let everybody in, and what that is good for: SECURITY.md.
    held: () => (checksRaftClients || tls === undefined ? ['reset'] : ['reset', 'let in']),
  })
  const ask = (what: string, hex: string, tls?: object): AttackRow => ({
    target: `rqlited Raft port, ${what}${tls === undefined ? ', plainly' : ', TLS as of another cluster'}`,
    attempts: () => replicas.map(({ raftPort }) => knockOn(raftPort, { hex, tls, waitMs: ANSWER_MS })),
    outcome: askedOutcome,
    held: () => ['reset', 'unauthorized'],
  })
  return [
    greet('plainly', RAFT_GREETING),
    greet('TLS without a certificate', RAFT_GREETING.slice(0, 2), {}),
    greet('TLS as of another cluster', RAFT_GREETING.slice(0, 2), foreign),
    ...Object.entries(RQLITED_NODE_REQUESTS).flatMap(([what, hex]) => [ask(what, hex), ask(what, hex, foreign)]),
  ]
}

const knockOn = (
  port: number,
  { tls, ...rest }: { readonly hex: string; readonly tls: object | undefined; readonly waitMs?: number },
): Attempt => ({ kind: 'knock', host: HOST, port, ...rest, ...(tls === undefined ? {} : { tls }) })

const askedOutcome = ({ outcome, answer = '' }: AttemptResult): string => {
  if (outcome !== 'answered') return outcome
  const body = Buffer.from(answer, 'hex').subarray(LENGTH_BYTES)
  // The refusal of a backup comes compressed, as a backup would.
  const text = (body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body).toString('latin1')
  return text.includes('unauthorized') ? 'unauthorized' : `answered ${body.length} B`
}

/** What a node with another cluster key would show for this very database. */
const certificateOfAnotherCluster = (clusterId: string): object => {
  const clusterKey = randomBytes(32)
  const derive = (purpose: string): readonly Uint8Array[] => [
    new Uint8Array(createHash('sha256').update(clusterKey).update(purpose).digest()),
  ]
  const made = createReplicaSecurity({ derive }).certificates({ clusterId }, Date.now(), 3_600_000)
  return { cert: made.certificate, key: made.privateKey, servername: `${clusterId}.dbcluster.internal` }
}
