import { createHmac } from 'node:crypto'
import { LIMITS } from '@dbcluster/protocol'
import type { MemberKeys } from '../admission/member-keys.js'
import { PROOF_BYTES, RUN_BYTES, sameBytes } from '../admission/proof.js'

/** First byte of an envelope; another one means another layout. */
export const ENVELOPE_VERSION = 1
const COUNTER_BYTES = 8
const HEAD_BYTES = 1 + RUN_BYTES + COUNTER_BYTES
/** What an envelope adds to a payload. */
export const ENVELOPE_BYTES = HEAD_BYTES + PROOF_BYTES

/** Where a message comes from: both are known from elsewhere and go into the proof. */
export interface EnvelopeContext {
  readonly topic: string
  /** Peer id of the author. */
  readonly author: string
}

/** What an envelope holds. */
export interface Envelope {
  /** Names the author's run. */
  readonly run: Uint8Array
  /** Counts the messages of that run, from 1. */
  readonly counter: bigint
  readonly payload: Uint8Array
}

/** What came out of {@link openEnvelope}. */
export type Opened =
  | { readonly kind: 'opened'; readonly envelope: Envelope }
  | { readonly kind: 'bad' | 'unknownVersion' }

const proofOf = (
  key: Uint8Array,
  { topic, author }: EnvelopeContext,
  head: Uint8Array,
  payload: Uint8Array,
): Uint8Array => {
  const mac = createHmac('sha256', key)
  for (const part of [topic, author]) {
    const bytes = Buffer.from(part)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    mac.update(length).update(bytes)
  }
  return new Uint8Array(mac.update(head).update(payload).digest())
}

/** Version, run, counter, proof, payload. */
export const sealEnvelope = (keys: MemberKeys, context: EnvelopeContext, envelope: Envelope): Uint8Array => {
  const { run, counter, payload } = envelope
  const sealed = new Uint8Array(ENVELOPE_BYTES + payload.length)
  sealed[0] = ENVELOPE_VERSION
  sealed.set(run, 1)
  new DataView(sealed.buffer).setBigUint64(1 + RUN_BYTES, counter)
  sealed.set(proofOf(keys[0].gossip, context, sealed.subarray(0, HEAD_BYTES), payload), HEAD_BYTES)
  sealed.set(payload, ENVELOPE_BYTES)
  return sealed
}

/** Pure. `bad` means: no member made this, at least none with a key that is accepted here. */
export const openEnvelope = (keys: MemberKeys, context: EnvelopeContext, sealed: Uint8Array): Opened => {
  if (sealed.length > ENVELOPE_BYTES + LIMITS.gossipBytes) return { kind: 'bad' }
  const version = sealed[0]
  if (version !== undefined && version > ENVELOPE_VERSION) return { kind: 'unknownVersion' }
  if (version !== ENVELOPE_VERSION || sealed.length < ENVELOPE_BYTES) return { kind: 'bad' }
  const head = sealed.subarray(0, HEAD_BYTES)
  const proof = sealed.subarray(HEAD_BYTES, ENVELOPE_BYTES)
  const payload = sealed.subarray(ENVELOPE_BYTES)
  if (!keys.some(({ gossip }) => sameBytes(proofOf(gossip, context, head, payload), proof))) return { kind: 'bad' }
  const counter = new DataView(sealed.buffer, sealed.byteOffset).getBigUint64(1 + RUN_BYTES)
  return { kind: 'opened', envelope: { run: sealed.slice(1, 1 + RUN_BYTES), counter, payload } }
}
