const HEADER_BYTES = 12
const TYPE_AT = 1
const LENGTH_AT = 8
const DATA = 0

/** Follows the frames of a yamux connection by their headers, to see their lengths before their bytes are there. */
export class FrameLengths {
  readonly #maxBytes: number
  readonly #header = new Uint8Array(HEADER_BYTES)
  #headerLength = 0
  /** Bytes of the present frame's data that are still to come. */
  #missing = 0

  /** `maxBytes` is the most that a frame may announce. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** False when a frame announces more than it may; what comes after that isn't followed. */
  accepts(chunk: Uint8Array): boolean {
    let at = 0
    while (at < chunk.length) {
      const skipped = Math.min(this.#missing, chunk.length - at)
      this.#missing -= skipped
      at += skipped
      const part = chunk.subarray(at, at + HEADER_BYTES - this.#headerLength)
      this.#header.set(part, this.#headerLength)
      this.#headerLength += part.length
      at += part.length
      if (this.#headerLength < HEADER_BYTES) continue
      this.#headerLength = 0
      // Only data frames have a body; the length of the others means something else.
      if (this.#header[TYPE_AT] !== DATA) continue
      this.#missing = new DataView(this.#header.buffer).getUint32(LENGTH_AT)
      if (this.#missing > this.#maxBytes) return false
    }
    return true
  }
}
