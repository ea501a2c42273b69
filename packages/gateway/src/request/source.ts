import type { IncomingMessage, ServerResponse } from 'node:http'
import { DbClusterError } from '@dbcluster/protocol'

/** Where a request's body comes from, and how one learns that its client went away. */
export interface RequestSource {
  /** Calls `onChunk` for each piece until it returns false or the body ends. @throws DbClusterError `CANCELLED` */
  read(onChunk: (chunk: Uint8Array) => boolean): Promise<void>
  /** Returns a function that stops listening. */
  onDisconnect(listener: () => void): () => void
}

/** What Hono's Node server hands down beside the request. */
export interface NodeBindings {
  readonly incoming?: IncomingMessage
  readonly outgoing?: ServerResponse
}

/**
 * Node's own request and response where there are some: asking the web `Request` for its body or signal makes the
 * server build a whole one, which costs about as much as everything else that the gateway does.
 */
export const sourceOf = (request: Request, { incoming, outgoing }: NodeBindings = {}): RequestSource =>
  incoming === undefined || outgoing === undefined ? webSource(request) : nodeSource(incoming, outgoing)

const nodeSource = (incoming: IncomingMessage, outgoing: ServerResponse): RequestSource => ({
  read: (onChunk) =>
    new Promise((resolve, reject) => {
      const done = (settle: () => void): void => {
        incoming.off('data', onData).off('end', onEnd).off('error', onLost).off('close', onLost)
        settle()
      }
      const onData = (chunk: Uint8Array): void => {
        if (onChunk(chunk)) return
        incoming.pause()
        done(resolve)
      }
      const onEnd = (): void => done(resolve)
      const onLost = (): void => done(() => reject(interrupted()))
      incoming.on('data', onData).on('end', onEnd).on('error', onLost).on('close', onLost)
      if (incoming.readableEnded) onEnd()
      else if (incoming.destroyed) onLost()
    }),
  onDisconnect: (listener) => {
    const onClose = (): void => {
      if (!outgoing.writableFinished) listener()
    }
    outgoing.once('close', onClose)
    if (outgoing.closed) onClose()
    return () => outgoing.off('close', onClose)
  },
})

const webSource = (request: Request): RequestSource => ({
  read: async (onChunk) => {
    const reader = request.body?.getReader()
    for (;;) {
      const piece = await reader?.read().catch((cause: unknown) => {
        throw interrupted(cause)
      })
      if (piece === undefined || piece.done) return
      if (onChunk(piece.value)) continue
      // What is still to come is of no interest; a failing cancel changes nothing about that.
      return void reader?.cancel().catch(() => undefined)
    }
  },
  onDisconnect: (listener) => {
    const { signal } = request
    signal.addEventListener('abort', listener, { once: true })
    if (signal.aborted) listener()
    return () => signal.removeEventListener('abort', listener)
  },
})

const interrupted = (cause?: unknown): DbClusterError =>
  new DbClusterError('CANCELLED', 'the connection ended before the body did', { cause })
