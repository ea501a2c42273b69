import { DbClusterError, LIMITS } from '@dbcluster/protocol'
import type { Stream } from '@libp2p/interface'
import { BOUNDS } from '../bounds.js'
import { FRAME, type Frame } from '../frames/frame.js'
import { FrameDecoder } from '../frames/frame-decoder.js'
import { FrameWriter, type OutgoingFrame } from '../frames/frame-writer.js'
import { decodeError } from './error-frame.js'
import {
  cancelled,
  invalidAnswer,
  outcomeUnknown,
  overloaded,
  timedOut,
  tooLarge,
  unreachable,
} from './request-errors.js'

export interface OutgoingChannelInit {
  readonly peerId: string
  readonly protocol: string
  /** Opens the stream, the connection too if there is none. Called once. */
  readonly open: () => Promise<Stream>
  /** Something arrived from the peer. */
  readonly onActivity: () => void
  /** The peer broke the framing. */
  readonly onViolation: (error: Error) => void
  /** The channel can't be used any more; called once. */
  readonly onClosed: () => void
  readonly onMessageDropped: () => void
}

export interface RequestOptions {
  /** Aborting it rejects with `CANCELLED` and tells the other side. */
  readonly signal?: AbortSignal
  /** @default 30_000 */
  readonly timeoutMs?: number
}

interface Pending {
  readonly outgoing: OutgoingFrame
  readonly settle: (outcome: Uint8Array | DbClusterError) => void
}

const NOTHING = new Uint8Array(0)
const ID_MAX = 0xffff_ffff

/** Requests and messages to one peer on one protocol, over one stream that stays open. */
export class OutgoingChannel {
  readonly #init: OutgoingChannelInit
  readonly #decoder = new FrameDecoder(BOUNDS.payloadBytes)
  readonly #writer = new FrameWriter((error) => this.close(error.message))
  readonly #pending = new Map<number, Pending>()
  readonly #messages = new Set<OutgoingFrame>()
  #stream: Stream | undefined
  #nextId = 1
  #closed = false

  constructor(init: OutgoingChannelInit) {
    this.#init = init
    init.open().then(
      (stream) => this.#opened(stream),
      (error: unknown) => this.#fail(error instanceof DbClusterError ? error : unreachable(init, String(error))),
    )
  }

  /** Requests without an answer yet. */
  get requestsInFlight(): number {
    return this.#pending.size
  }

  request(payload: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    const timeoutMs = options.timeoutMs ?? LIMITS.queryTimeoutMs
    const refusal = this.#refusal(payload, options.signal)
    if (refusal !== undefined) return Promise.reject(refusal)
    const id = this.#newId()
    return new Promise((resolve, reject) => {
      const outgoing = this.#writer.write({ type: FRAME.request, id, payload })
      const settle = (outcome: Uint8Array | DbClusterError): void => {
        this.#pending.delete(id)
        clearTimeout(timer)
        options.signal?.removeEventListener('abort', onAbort)
        if (outcome instanceof Uint8Array) resolve(outcome)
        else reject(outcome)
      }
      const giveUp = (error: DbClusterError): void => {
        settle(error)
        if (outgoing.sent) this.#writer.write({ type: FRAME.cancel, id, payload: NOTHING })
        else outgoing.drop()
      }
      const onAbort = (): void => giveUp(cancelled(this.#init))
      const timer = setTimeout(() => giveUp(timedOut(this.#init, timeoutMs, outgoing.sent)), timeoutMs)
      options.signal?.addEventListener('abort', onAbort)
      this.#pending.set(id, { outgoing, settle })
    })
  }

  message(payload: Uint8Array): void {
    for (const waiting of this.#messages) if (waiting.sent) this.#messages.delete(waiting)
    const full = this.#messages.size >= BOUNDS.queuedMessages || this.#writer.queuedBytes > BOUNDS.outgoingBytes
    if (this.#closed || full) return this.#init.onMessageDropped()
    this.#messages.add(this.#writer.write({ type: FRAME.message, id: 0, payload }))
  }

  /** Ends the channel: what was sent has an unknown outcome, what wasn't was certainly not delivered. */
  close(reason: string): void {
    this.#fail(unreachable(this.#init, reason), reason)
  }

  #refusal(payload: Uint8Array, signal: AbortSignal | undefined): DbClusterError | undefined {
    if (signal?.aborted === true) return cancelled(this.#init)
    if (payload.length > BOUNDS.payloadBytes) return tooLarge(payload.length)
    if (this.#closed) return unreachable(this.#init, 'the stream was closed')
    if (this.#pending.size >= BOUNDS.requestsInFlight) {
      return overloaded(this.#init, `${this.#pending.size} requests are already waiting for an answer`)
    }
    const { queuedBytes } = this.#writer
    return queuedBytes > BOUNDS.outgoingBytes
      ? overloaded(this.#init, `${queuedBytes} bytes are already waiting to be sent`)
      : undefined
  }

  #newId(): number {
    while (this.#pending.has(this.#nextId)) this.#advanceId()
    const id = this.#nextId
    this.#advanceId()
    return id
  }

  #advanceId(): void {
    this.#nextId = this.#nextId === ID_MAX ? 1 : this.#nextId + 1
  }

  #opened(stream: Stream): void {
    if (this.#closed) return stream.abort(new Error('no longer needed'))
    this.#stream = stream
    // 'end' comes after all data; a killed peer's stream ends as cleanly as a closed one.
    stream.addEventListener('end', () => this.close('the other side ended the stream'))
    stream.addEventListener('close', (event) => this.close(event.error?.message ?? 'the stream was closed'))
    stream.addEventListener('message', (event) => this.#received(event.data))
    // A stream over the other side's limit is handed out already reset.
    if (stream.status !== 'open') return this.close(`the stream is ${stream.status}`)
    this.#writer.attach(stream)
  }

  #received(data: Uint8Array | Iterable<Uint8Array>): void {
    this.#init.onActivity()
    try {
      for (const chunk of data instanceof Uint8Array ? [data] : data) {
        for (const frame of this.#decoder.push(chunk)) this.#answered(frame)
      }
    } catch (error) {
      const violation = error instanceof Error ? error : new Error(String(error))
      this.close(violation.message)
      this.#init.onViolation(violation)
    }
  }

  #answered({ type, id, payload }: Frame): void {
    if (type !== FRAME.answer && type !== FRAME.error) throw invalidAnswer(type)
    // Unknown ids are answers that nobody waits for any more.
    this.#pending.get(id)?.settle(type === FRAME.answer ? payload : decodeError(payload))
  }

  #fail(unsent: DbClusterError, reason = unsent.message): void {
    if (this.#closed) return
    this.#closed = true
    this.#init.onClosed()
    for (const message of this.#messages) if (!message.sent) this.#init.onMessageDropped()
    this.#messages.clear()
    for (const { outgoing, settle } of [...this.#pending.values()]) {
      settle(outgoing.sent ? outcomeUnknown(this.#init, reason) : unsent)
    }
    if (this.#stream?.status === 'open') this.#stream.abort(new Error(reason))
  }
}
