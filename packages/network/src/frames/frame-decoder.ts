import { DbClusterError } from '@dbcluster/protocol'
import { type Frame, type FrameType, HEADER_BYTES, isFrameType } from './frame.js'

/** First memory for a payload that comes in parts; it grows with what really arrives, whatever its header claims. */
const INITIAL_BYTES = 64 * 1024

/** Cuts a stream of chunks into frames. Pure: the same bytes give the same frames however they are chunked. */
export class FrameDecoder {
  readonly #payloadMaxBytes: number
  readonly #header = new Uint8Array(HEADER_BYTES)
  #headerLength = 0
  #payload = new Uint8Array(0)
  #payloadLength = 0
  #expected: { readonly length: number; readonly type: FrameType; readonly id: number } | undefined
  #failed = false

  /** Payloads above `payloadMaxBytes` are a violation. */
  constructor(payloadMaxBytes: number) {
    this.#payloadMaxBytes = payloadMaxBytes
  }

  /** Bytes held of a frame that isn't complete. */
  get pendingBytes(): number {
    return this.#headerLength + this.#payloadLength
  }

  /**
   * The frames that this chunk completes. Payloads may be views of the chunk.
   * @throws DbClusterError `INVALID_REQUEST` at an unknown type or an oversize frame, and ever after
   */
  push(chunk: Uint8Array): Frame[] {
    if (this.#failed) throw new DbClusterError('INVALID_REQUEST', 'the stream of frames was already invalid')
    const frames: Frame[] = []
    let at = 0
    while (at < chunk.length) {
      at = this.#expected === undefined ? this.#takeHeader(chunk, at) : at
      const expected = this.#expected
      if (expected === undefined) break
      const missing = expected.length - this.#payloadLength
      if (this.#payloadLength === 0 && chunk.length - at >= missing) {
        frames.push({ type: expected.type, id: expected.id, payload: chunk.subarray(at, at + missing) })
        at += missing
        this.#reset()
      } else {
        const part = chunk.subarray(at, at + missing)
        this.#append(part, expected.length)
        at += part.length
        if (this.#payloadLength === expected.length) {
          frames.push({ type: expected.type, id: expected.id, payload: this.#payload.subarray(0, expected.length) })
          this.#reset()
        }
      }
    }
    return frames
  }

  #takeHeader(chunk: Uint8Array, start: number): number {
    const end = Math.min(chunk.length, start + HEADER_BYTES - this.#headerLength)
    this.#header.set(chunk.subarray(start, end), this.#headerLength)
    this.#headerLength += end - start
    if (this.#headerLength < HEADER_BYTES) return end
    const view = new DataView(this.#header.buffer)
    const length = view.getUint32(0)
    const type = view.getUint8(4)
    if (!isFrameType(type)) throw this.#violation(`frame type ${type} is unknown`)
    if (length > this.#payloadMaxBytes) {
      throw this.#violation(`a frame announces ${length} bytes, more than the ${this.#payloadMaxBytes} allowed`)
    }
    this.#expected = { length, type, id: view.getUint32(5) }
    return end
  }

  #append(part: Uint8Array, total: number): void {
    const needed = this.#payloadLength + part.length
    if (needed > this.#payload.length) {
      const grown = new Uint8Array(Math.min(total, Math.max(needed, this.#payload.length * 2, INITIAL_BYTES)))
      grown.set(this.#payload.subarray(0, this.#payloadLength))
      this.#payload = grown
    }
    this.#payload.set(part, this.#payloadLength)
    this.#payloadLength = needed
  }

  #reset(): void {
    this.#headerLength = 0
    this.#expected = undefined
    this.#payload = new Uint8Array(0)
    this.#payloadLength = 0
  }

  #violation(what: string): DbClusterError {
    this.#failed = true
    return new DbClusterError('INVALID_REQUEST', `a peer broke the framing: ${what}`)
  }
}
