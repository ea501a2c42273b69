import { xsalsa20 } from '@noble/ciphers/salsa.js'

/** Bytes of an XSalsa20 nonce. */
export const NONCE_BYTES = 24

const BLOCK_BYTES = 64
/** Keystream made at a time for small chunks: one call costs as much as 1 KiB of keystream. */
const AHEAD_BYTES = 4_096
/** The cipher counts blocks in 32 bits: 256 GiB in one direction of one connection. */
const BLOCKS_MAX = 0xffff_ffff

/**
 * One direction of an XSalsa20 stream over chunks of any size: the position in the keystream, within a block too, is
 * carried from chunk to chunk.
 */
export class Keystream {
  readonly #key: Uint8Array
  readonly #nonce: Uint8Array
  readonly #ahead = new Uint8Array(AHEAD_BYTES)
  #aheadAt = AHEAD_BYTES
  #block: number

  /** `firstBlock` is for tests that need to be near the end of the stream. @default 0 */
  constructor(key: Uint8Array, nonce: Uint8Array, firstBlock = 0) {
    this.#key = key
    this.#nonce = nonce
    this.#block = firstBlock
  }

  /**
   * Encrypts, or decrypts, the next chunk into memory of its own.
   * @throws Error after 256 GiB: going on would repeat the keystream
   */
  apply(data: Uint8Array): Uint8Array {
    const head = Math.min(data.length, AHEAD_BYTES - this.#aheadAt)
    const rest = data.length - head
    const body = rest < AHEAD_BYTES ? 0 : rest - (rest % BLOCK_BYTES)
    // The cipher is a third slower on unaligned memory, so the body, not the beginning, is put on a word boundary.
    const padding = (4 - (head % 4)) % 4
    const out = new Uint8Array(padding + data.length).subarray(padding)
    this.#xorAhead(data, out, 0, head)
    if (body > 0) {
      const block = this.#advance(body / BLOCK_BYTES)
      const part = out.subarray(head, head + body)
      part.set(data.subarray(head, head + body))
      xsalsa20(this.#key, this.#nonce, part, part, block)
    }
    if (rest > body) {
      const block = this.#advance(AHEAD_BYTES / BLOCK_BYTES)
      this.#ahead.fill(0)
      xsalsa20(this.#key, this.#nonce, this.#ahead, this.#ahead, block)
      this.#aheadAt = 0
      this.#xorAhead(data, out, head + body, data.length)
    }
    return out
  }

  #xorAhead(data: Uint8Array, out: Uint8Array, start: number, end: number): void {
    const ahead = this.#ahead
    let at = this.#aheadAt
    for (let index = start; index < end; index++) out[index] = (data[index] as number) ^ (ahead[at++] as number)
    this.#aheadAt = at
  }

  #advance(blocks: number): number {
    const block = this.#block
    if (block + blocks > BLOCKS_MAX) {
      throw new Error('256 GiB went over one connection in one direction: its keystream is used up')
    }
    this.#block = block + blocks
    return block
  }
}
