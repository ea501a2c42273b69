import { randomBytes } from 'node:crypto'
import type { Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import type { MemberKeys } from './member-keys.js'
import { NONCE_BYTES, PROOF_BYTES, prove, RUN_BYTES, sameBytes } from './proof.js'

/** Spoken once per connection, by the side that dialled. */
export const ADMISSION_PROTOCOL = '/dbcluster/admission/1'

/** Keys that one side may offer: its own, the coming and the previous one. */
const OFFERS_MAX = 3
const DONE = Uint8Array.of(1)

export interface HandshakeInit {
  readonly stream: Stream
  readonly keys: MemberKeys
  readonly self: string
  readonly remote: string
  /** This host's run. */
  readonly run: Uint8Array
  readonly signal: AbortSignal
}

/** The other side has no key in common with this one, or isn't who it says. */
export class ProofError extends Error {
  override readonly name = 'ProofError'
}

/**
 * Proves membership to the listener and has it proven in return. The dialer shows its proofs first, so a listener
 * answers nothing that depends on its keys to who doesn't have one of them.
 * @returns the listener's run
 * @throws ProofError, or what the stream throws when the other side refuses and resets it
 */
export const proveAsDialer = async (init: HandshakeInit): Promise<Uint8Array> => {
  const { stream, keys, self, remote, run, signal } = init
  const messages = lpStream(stream, { maxDataLength: RUN_BYTES + PROOF_BYTES })
  const dialerNonce = new Uint8Array(randomBytes(NONCE_BYTES))
  await messages.write(dialerNonce, { signal })
  const listenerNonce = exactly(NONCE_BYTES, await messages.read({ signal }))
  const own = { role: 'dialer', prover: self, verifier: remote, dialerNonce, listenerNonce, run } as const
  const offered = keys.slice(0, OFFERS_MAX)
  await messages.write(Buffer.concat([run, ...offered.map(({ admission }) => prove(admission, own))]), { signal })
  const answer = exactly(RUN_BYTES + PROOF_BYTES, await messages.read({ signal }))
  const remoteRun = answer.subarray(0, RUN_BYTES)
  const theirs = { ...own, role: 'listener', prover: remote, verifier: self, run: remoteRun } as const
  const proof = answer.subarray(RUN_BYTES)
  if (!offered.some(({ admission }) => sameBytes(prove(admission, theirs), proof))) {
    throw new ProofError('the other side could not prove that it holds the cluster key')
  }
  await messages.write(DONE, { signal })
  return remoteRun
}

/**
 * The listener's part. `onProven` is called as soon as the dialer has proven itself: its next stream may come with the
 * same bytes as its last message here.
 * @throws ProofError
 */
export const proveAsListener = async (
  init: HandshakeInit,
  onProven: (dialerRun: Uint8Array) => void,
): Promise<void> => {
  const { stream, keys, self, remote, run, signal } = init
  const messages = lpStream(stream, { maxDataLength: RUN_BYTES + OFFERS_MAX * PROOF_BYTES })
  const listenerNonce = new Uint8Array(randomBytes(NONCE_BYTES))
  const dialerNonce = exactly(NONCE_BYTES, await messages.read({ signal }))
  await messages.write(listenerNonce, { signal })
  const offer = (await messages.read({ signal })).subarray()
  const offers = offer.length - RUN_BYTES
  if (offers < PROOF_BYTES || offers % PROOF_BYTES !== 0) throw new ProofError('it sent no proofs')
  const dialerRun = offer.slice(0, RUN_BYTES)
  const theirs = { role: 'dialer', prover: remote, verifier: self, dialerNonce, listenerNonce, run: dialerRun } as const
  const common = keys.find(({ admission }) => {
    const expected = prove(admission, theirs)
    for (let at = RUN_BYTES; at < offer.length; at += PROOF_BYTES) {
      if (sameBytes(expected, offer.subarray(at, at + PROOF_BYTES))) return true
    }
    return false
  })
  if (common === undefined) throw new ProofError('it could not prove that it holds the cluster key')
  onProven(dialerRun)
  const own = { ...theirs, role: 'listener', prover: self, verifier: remote, run } as const
  await messages.write(Buffer.concat([run, prove(common.admission, own)]), { signal })
  exactly(DONE.length, await messages.read({ signal }))
}

const exactly = (bytes: number, message: { subarray(): Uint8Array }): Uint8Array => {
  const data = message.subarray()
  if (data.length !== bytes) throw new ProofError(`it sent ${data.length} bytes where ${bytes} belong`)
  return data.slice()
}
