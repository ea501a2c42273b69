import { createHmac, timingSafeEqual } from 'node:crypto'

export const NONCE_BYTES = 32
export const PROOF_BYTES = 32
/** Bytes of the random name of one run of a host. */
export const RUN_BYTES = 16

/** What a proof of membership speaks of: it holds for this connection, direction and pair of peers, and no other. */
export interface ProofSubject {
  readonly role: 'dialer' | 'listener'
  /** Peer id of who proves; authenticated by the connection's encryption. */
  readonly prover: string
  readonly verifier: string
  readonly dialerNonce: Uint8Array
  readonly listenerNonce: Uint8Array
  /** The prover's run, by which its gossip is known. */
  readonly run: Uint8Array
}

/** HMAC-SHA256 over the subject, each part behind its length. */
export const prove = (key: Uint8Array, subject: ProofSubject): Uint8Array => {
  const { role, prover, verifier, dialerNonce, listenerNonce, run } = subject
  const mac = createHmac('sha256', key)
  for (const part of ['dbcluster/admission/1', role, prover, verifier, dialerNonce, listenerNonce, run]) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part
    mac.update(Uint8Array.of(bytes.length)).update(bytes)
  }
  return new Uint8Array(mac.digest())
}

/** Compares in constant time. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)
