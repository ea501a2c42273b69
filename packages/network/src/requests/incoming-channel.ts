import { DbClusterError, isDbClusterError, type Logger } from '@dbcluster/protocol'
import type { Stream } from '@libp2p/interface'
import { BOUNDS } from '../bounds.js'
import { FRAME, type Frame } from '../frames/frame.js'
import { FrameDecoder } from '../frames/frame-decoder.js'
import { FrameWriter } from '../frames/frame-writer.js'
import { encodeError } from './error-frame.js'
import type { GuestMemory } from './guest-memory.js'
import type { InFlight } from './in-flight.js'
import type { ProtocolEntry } from './registry.js'

export interface IncomingChannelInit {
  readonly from: string
  readonly entry: ProtocolEntry
  readonly stream: Stream
  readonly inFlight: InFlight
  readonly logger: Logger
  /** Undefined for members. */
  readonly guestMemory: GuestMemory | undefined
  readonly onActivity: () => void
  /** The peer broke the framing. */
  readonly onViolation: (error: Error) => void
}

/** Serves what a peer asks on one stream. Handlers run side by side; none holds up the stream. */
export class IncomingChannel {
  readonly #init: IncomingChannelInit
  readonly #decoder = new FrameDecoder(BOUNDS.payloadBytes)
  readonly #writer: FrameWriter
  readonly #running = new Map<number, AbortController>()
  readonly #leaveMemory: () => void
  #heldBytes = 0
  #paused = false
  #closed = false

  constructor(init: IncomingChannelInit) {
    this.#init = init
    const { stream, from, guestMemory } = init
    this.#leaveMemory = guestMemory?.enter({ peerId: from, heldBytes: () => this.#allBytes() }) ?? (() => undefined)
    this.#writer = new FrameWriter((error) => this.close(error.message))
    this.#writer.attach(stream)
    stream.addEventListener('end', () => this.close('the other side ended the stream'))
    stream.addEventListener('close', (event) => this.close(event.error?.message ?? 'the stream was closed'))
    stream.addEventListener('message', (event) => this.#received(event.data))
  }

  /** Stops serving: what runs is told by its signal, and its answers are dropped. */
  close(reason: string): void {
    if (this.#closed) return
    this.#closed = true
    const error = new DbClusterError('CANCELLED', `the asker's stream is gone: ${reason}`)
    for (const controller of this.#running.values()) controller.abort(error)
    this.#running.clear()
    this.#leaveMemory()
    if (this.#init.stream.status === 'open') this.#init.stream.abort(new Error(reason))
  }

  #received(data: Uint8Array | Iterable<Uint8Array>): void {
    this.#init.onActivity()
    try {
      for (const chunk of data instanceof Uint8Array ? [data] : data) {
        this.#init.guestMemory?.passed(chunk.length)
        for (const frame of this.#decoder.push(chunk)) this.#accept(frame)
      }
      this.#balance()
    } catch (error) {
      const violation = error instanceof Error ? error : new Error(String(error))
      this.close(violation.message)
      this.#init.onViolation(violation)
    }
  }

  #accept(frame: Frame): void {
    if (this.#closed) return
    switch (frame.type) {
      case FRAME.request:
        return this.#serve(frame)
      case FRAME.cancel:
        return this.#running.get(frame.id)?.abort(new DbClusterError('CANCELLED', 'the asker cancelled its request'))
      case FRAME.message:
        return this.#deliver(frame.payload)
      case FRAME.answer:
      case FRAME.error:
        throw new DbClusterError('INVALID_REQUEST', `a peer sent a frame of type ${frame.type} where it may only ask`)
    }
  }

  #serve({ id, payload }: Frame): void {
    const { from, entry, inFlight } = this.#init
    if (this.#running.has(id)) throw new DbClusterError('INVALID_REQUEST', `a peer used request id ${id} twice`)
    const refusal = this.#refusal()
    if (refusal !== undefined || entry.request === undefined) return this.#answer(id, refusal ?? notHandled(entry))
    const controller = new AbortController()
    const leave = inFlight.enter(from)
    this.#heldBytes += payload.length
    this.#running.set(id, controller)
    const { handler } = entry.request
    const settle = (outcome: Uint8Array | DbClusterError): void => {
      leave()
      this.#heldBytes -= payload.length
      if (this.#running.get(id) === controller) this.#running.delete(id)
      if (!controller.signal.aborted) this.#answer(id, outcome)
      this.#balance()
    }
    // `then` turns what a handler throws at once into a rejection.
    Promise.resolve()
      .then(() => handler({ from, payload, signal: controller.signal }))
      .then(settle, (error: unknown) => settle(this.#toAnswer(error)))
      .catch((error: unknown) => this.#init.logger.error('Answering a request failed', { error }))
  }

  #refusal(): DbClusterError | undefined {
    const { from, entry, inFlight } = this.#init
    if (entry.request !== undefined && !entry.request.allow(from)) {
      return new DbClusterError(
        'NOT_ADMITTED',
        `${entry.protocol} is for members only, and ${from} is not known as one`,
        {
          hint: 'admit that node first; applications use the client protocol',
        },
      )
    }
    if (inFlight.of(from) < BOUNDS.requestsInFlight) return undefined
    return new DbClusterError('OVERLOADED', `${from} already has ${BOUNDS.requestsInFlight} requests running here`, {
      hint: 'repeat it later; nothing was done',
    })
  }

  #toAnswer(error: unknown): DbClusterError {
    if (isDbClusterError(error)) return error
    this.#init.logger.error('A request handler threw', { protocol: this.#init.entry.protocol, error })
    return new DbClusterError('INTERNAL', `handling a request on ${this.#init.entry.protocol} failed`, {
      hint: "see the answering node's log",
    })
  }

  #answer(id: number, outcome: Uint8Array | DbClusterError): void {
    if (this.#closed) return
    const checked = outcome instanceof Uint8Array ? this.#fitting(outcome) : outcome
    const isAnswer = checked instanceof Uint8Array
    const payload = isAnswer ? checked : encodeError(checked)
    this.#writer.write({ type: isAnswer ? FRAME.answer : FRAME.error, id, payload })
    this.#init.guestMemory?.passed(payload.length)
  }

  #fitting(answer: Uint8Array): Uint8Array | DbClusterError {
    if (answer.length > BOUNDS.payloadBytes) {
      const text = `an answer of ${answer.length} bytes is larger than the ${BOUNDS.payloadBytes} allowed`
      return new DbClusterError('RESULT_TOO_LARGE', text, { hint: 'ask for less at a time' })
    }
    if (this.#writer.queuedBytes <= BOUNDS.answerBytes) return answer
    return new DbClusterError('OUTCOME_UNKNOWN', 'the answer was dropped: too many others wait to be read', {
      hint: 'the request was carried out; read answers faster or ask for less at a time',
    })
  }

  #deliver(payload: Uint8Array): void {
    const { from, entry, logger } = this.#init
    for (const { handler, allow } of entry.messages) {
      try {
        if (allow(from)) handler({ from, payload })
      } catch (error) {
        logger.error('A message handler threw', { protocol: entry.protocol, error })
      }
    }
  }

  /** Parts of a frame, requests under way, answers that wait, and what libp2p holds of either. */
  #allBytes(): number {
    const { readBufferLength, writeBufferLength } = this.#init.stream
    return (
      this.#decoder.pendingBytes + this.#heldBytes + this.#writer.queuedBytes + readBufferLength + writeBufferLength
    )
  }

  /** Stops reading while handlers hold too much; deferred, since libp2p undoes a pause made within `resume()`. */
  #balance(): void {
    const { stream } = this.#init
    const full = this.#heldBytes > BOUNDS.incomingBytes
    if (this.#closed || full === this.#paused) return
    this.#paused = full
    queueMicrotask(() => {
      if (stream.status !== 'open') return
      if (this.#paused) stream.pause()
      else stream.resume()
    })
  }
}

const notHandled = ({ protocol }: ProtocolEntry): DbClusterError =>
  new DbClusterError('INVALID_REQUEST', `nothing answers requests on ${protocol}`)
