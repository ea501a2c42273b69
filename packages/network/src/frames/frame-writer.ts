import type { Stream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { encodeFrame, type Frame, HEADER_BYTES } from './frame.js'

/** Bytes handed to the stream at a time; small frames of one turn of the event loop share a packet. */
const BATCH_BYTES = 128 * 1024

/** A frame on its way. */
export interface OutgoingFrame {
  /** True from the moment its first byte may have reached the other side. */
  readonly sent: boolean
  /** Takes it back if it wasn't sent yet. */
  drop(): void
}

interface Entry {
  readonly frame: Frame
  sent: boolean
  dropped: boolean
}

/**
 * Sends frames in order. They wait while there is no stream yet and while the stream is full, which its `drain` event
 * ends (`onDrain()` of libp2p 3.3 resolves only the first time).
 */
export class FrameWriter {
  #stream: Stream | undefined
  #entries: Entry[] = []
  #queuedBytes = 0
  #flushPlanned = false
  #blocked = false
  readonly #onError: (error: Error) => void

  /** `onError` hears of a stream that refuses data; it is never called from within `write`. */
  constructor(onError: (error: Error) => void) {
    this.#onError = onError
  }

  /** Bytes that wait here. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** Sets the stream, once it is open. */
  attach(stream: Stream): void {
    this.#stream = stream
    stream.addEventListener('drain', () => {
      this.#blocked = false
      this.#plan()
    })
    this.#plan()
  }

  write(frame: Frame): OutgoingFrame {
    const entry: Entry = { frame, sent: false, dropped: false }
    this.#entries.push(entry)
    this.#queuedBytes += bytesOf(entry)
    this.#plan()
    return {
      get sent() {
        return entry.sent
      },
      drop: () => {
        if (entry.sent || entry.dropped) return
        entry.dropped = true
        this.#queuedBytes -= bytesOf(entry)
        this.#entries = this.#entries.filter((other) => other !== entry)
      },
    }
  }

  #plan(): void {
    if (this.#flushPlanned || this.#stream === undefined || this.#blocked || this.#entries.length === 0) return
    this.#flushPlanned = true
    queueMicrotask(() => {
      this.#flushPlanned = false
      try {
        this.#flush()
      } catch (error) {
        this.#blocked = true
        this.#onError(error instanceof Error ? error : new Error(String(error)))
      }
    })
  }

  #flush(): void {
    const stream = this.#stream
    while (stream !== undefined && !this.#blocked && this.#entries.length > 0) {
      // `drain` also comes when only the connection has room again. While the stream itself still holds data there will
      // be another one; what is sent before it would pile up in the stream, past every bound.
      if (stream.writableNeedsDrain && stream.writeBufferLength > 0) {
        this.#blocked = true
        return
      }
      const batch = new Uint8ArrayList()
      let count = 0
      for (const entry of this.#entries) {
        if (count > 0 && batch.byteLength + bytesOf(entry) > BATCH_BYTES) break
        batch.appendAll([...encodeFrame(entry.frame)])
        entry.sent = true
        this.#queuedBytes -= bytesOf(entry)
        count++
      }
      this.#entries.splice(0, count)
      if (!stream.send(batch)) this.#blocked = true
    }
  }
}

const bytesOf = (entry: Entry): number => HEADER_BYTES + entry.frame.payload.length
