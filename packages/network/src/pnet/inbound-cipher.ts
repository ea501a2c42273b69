import { createHelloCheck, type HelloCheck } from './hello.js'
import { Keystream } from './keystream.js'

interface Candidate {
  readonly key: Uint8Array
  readonly keystream: Keystream
  readonly hello: HelloCheck
  /** Decrypted under this key while it was one of several. */
  held: Uint8Array
}

const NOTHING = new Uint8Array(0)

/** Decrypts what the other side sends under whichever of the accepted keys it uses: the right one yields libp2p's first bytes. */
export class InboundCipher {
  #candidates: readonly Candidate[]
  #chosen: Candidate | undefined

  constructor(keys: readonly Uint8Array[], nonce: Uint8Array) {
    this.#candidates = keys.map((key) => ({
      key,
      keystream: new Keystream(key, nonce),
      hello: createHelloCheck(),
      held: NOTHING,
    }))
  }

  /** The other side's key, once its first bytes are complete. */
  get key(): Uint8Array | undefined {
    return this.#chosen?.key
  }

  /** The decrypted bytes, none while several keys are possible; undefined when none fits. */
  apply(chunk: Uint8Array): Uint8Array | undefined {
    if (this.#chosen !== undefined) return this.#chosen.keystream.apply(chunk)
    this.#candidates = this.#candidates.filter((candidate) => {
      const data = candidate.keystream.apply(chunk)
      candidate.held = candidate.held.length === 0 ? data : Buffer.concat([candidate.held, data])
      return candidate.hello.accepts(data)
    })
    const [first, ...others] = this.#candidates
    if (first === undefined) return undefined
    // Two keys that agree on all of the first bytes don't exist; two copies of one do.
    if (first.hello.passed) this.#chosen = first
    else if (others.length > 0) return NOTHING
    const decrypted = first.held
    first.held = NOTHING
    return decrypted
  }
}
