import { CLIENT_PROTOCOL, type OperationName, OperationSchema } from '@dbcluster/protocol'
import { answeredCode, requestFrame, sampleOperations } from '@dbcluster/testkit'
import type { Attacker, AttackRow } from './attack.js'
import { READS } from './reads.js'

/** A frame of a request with nothing sensible in it. */
const NONSENSE = '00000003010000000100ff00'
/** A nonce of the admission handshake, and random proofs that are none. */
const UNPROVEN = `20${'00'.repeat(32)}70${'a5'.repeat(112)}`

interface Service {
  readonly hex: string
  readonly held: readonly string[]
}

/** What a node does for everybody who holds the network key; every other protocol is for members. */
const FOR_EVERYBODY: Readonly<Record<string, Service>> = {
  // A credential is asked for by each operation: see those.
  [CLIENT_PROTOCOL]: { hex: NONSENSE, held: ['answered'] },
  // An empty frame: the node lives.
  '/dbcluster/health/1': { hex: NONSENSE, held: ['answered 9 B'] },
  // The node's nonce, and no proof.
  '/dbcluster/admission/1': { hex: UNPROVEN, held: ['answered 33 B'] },
  // Peer id, addresses and protocols of the node.
  '/ipfs/id/1.0.0': { hex: '00', held: ['answered'] },
}

const orNotConnected = (attacker: Attacker, held: readonly string[]): readonly string[] =>
  attacker.networkKey === undefined ? ['not connected'] : held

/** Protocols, as a node itself tells them. */
export const protocolRows = (protocols: readonly string[]): readonly AttackRow[] =>
  protocols.map((protocol) => {
    const service = FOR_EVERYBODY[protocol]
    const sized = service?.held.some((held) => held.endsWith(' B')) === true
    return {
      target: `libp2p ${protocol}`,
      attempts: () => [{ kind: 'speak', protocol, hex: service?.hex ?? NONSENSE, waitMs: 3_000 }],
      outcome: ({ outcome, received = 0 }) => (sized && outcome === 'answered' ? `answered ${received} B` : outcome),
      held: (attacker) => orNotConnected(attacker, service?.held ?? ['reset']),
    }
  })

/** Names of all operations, as requests are checked by. */
const operationNames = (): readonly OperationName[] =>
  OperationSchema.anyOf.map(({ properties }) => properties.op.const)

/** Operations of the client protocol. @throws Error when one has no sample: it would not be attacked */
export const operationRows = (database: string): readonly AttackRow[] =>
  operationNames().map((op) => {
    const operation = sampleOperations(database)[op]
    if (operation === undefined) throw new Error(`the operation ${op} is attacked by nobody`)
    return {
      target: `libp2p ${CLIENT_PROTOCOL} ${op}`,
      attempts: ({ credential }) => [
        {
          kind: 'speak',
          protocol: CLIENT_PROTOCOL,
          hex: requestFrame({ credential, requestId: 'attack', timeoutMs: 15_000, operation }),
          framed: true,
          shared: true,
          waitMs: 20_000,
        },
      ],
      outcome: ({ outcome, answer }) => (outcome === 'answered' ? answeredCode(answer ?? '') : outcome),
      held: (attacker) => orNotConnected(attacker, heldCodes(attacker.reads, op)),
    }
  })

const heldCodes = (reads: boolean, op: OperationName): readonly string[] => {
  if (!reads) return ['UNAUTHENTICATED']
  return READS.includes(op) ? ['ok'] : ['FORBIDDEN']
}

/** Gossip topics, as a node tells them to members. */
export const topicRows = (topics: readonly string[]): readonly AttackRow[] =>
  topics.map((topic) => ({
    target: `gossip ${topic}`,
    attempts: () => [{ kind: 'gossip', topic, messages: Array(20).fill('a1647479706561'), waitMs: 1_500 }],
    outcome: ({ outcome }) => outcome,
    held: (attacker) => orNotConnected(attacker, ['nothing']),
  }))
