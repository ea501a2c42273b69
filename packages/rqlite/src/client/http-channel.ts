import { DbClusterError, isDbClusterError } from '@dbcluster/protocol'
import { Pool } from 'undici'
import { createDeadline } from './deadline.js'
import { connectionError, notLeaderError, type RequestKind, unknownOutcome } from './request-error.js'
import type { CallOptions } from './types.js'

export interface HttpRequest extends RequestKind {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: string
}

export interface HttpReply {
  readonly status: number
  readonly text: string
}

export interface HttpChannelInit {
  readonly httpPort: number
  /** Header that comes with each request. */
  readonly authorization: string | undefined
  readonly connections: number
  readonly responseMaxBytes: number
  readonly timeoutMs: number
}

/** Keep-alive HTTP to one rqlited on loopback. Redirects are not followed: they mean "not the leader". */
export interface HttpChannel {
  send(request: HttpRequest, options?: CallOptions): Promise<HttpReply>
  /** As `send`, with the body as it comes; the caller reads it to its end or returns early. */
  stream(request: HttpRequest, options?: CallOptions): AsyncGenerator<Uint8Array, void, void>
  close(): Promise<void>
}

export const createHttpChannel = (init: HttpChannelInit): HttpChannel => {
  const pool = new Pool(`http://127.0.0.1:${init.httpPort}`, {
    connections: init.connections,
    pipelining: 1,
    keepAliveTimeout: 60_000,
    // The call's own deadline bounds these.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: 5_000 },
  })

  async function* exchange(request: HttpRequest, options: CallOptions): AsyncGenerator<Uint8Array, number, void> {
    const deadline = createDeadline(options.timeoutMs ?? init.timeoutMs, options.signal)
    try {
      if (deadline.signal.aborted) throw cancelled(request, 'notSent')
      const reply = await pool.request({
        method: request.method,
        path: request.path,
        body: request.body ?? null,
        headers: {
          ...(init.authorization === undefined ? {} : { authorization: init.authorization }),
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        signal: deadline.signal,
      })
      if (reply.statusCode >= 300 && reply.statusCode < 400) {
        await reply.body.dump()
        const { location } = reply.headers
        throw notLeaderError(request, typeof location === 'string' ? location.split('?')[0] : undefined)
      }
      for await (const chunk of reply.body) yield chunk as Uint8Array
      return reply.statusCode
    } catch (cause) {
      if (isDbClusterError(cause)) throw cause
      if (deadline.timedOut()) throw timedOut(request, options.timeoutMs ?? init.timeoutMs, cause)
      if (options.signal?.aborted === true) throw cancelled(request, 'unknown', cause)
      throw connectionError(request, cause)
    } finally {
      deadline.dispose()
    }
  }

  const send = async (request: HttpRequest, options: CallOptions = {}): Promise<HttpReply> => {
    const chunks: Uint8Array[] = []
    let bytes = 0
    const body = exchange(request, options)
    for (;;) {
      const next = await body.next()
      if (next.done === true) return { status: next.value, text: Buffer.concat(chunks, bytes).toString('utf8') }
      bytes += next.value.length
      if (bytes > init.responseMaxBytes) {
        await body.return(0)
        throw tooLarge(request, init.responseMaxBytes)
      }
      chunks.push(next.value)
    }
  }

  async function* stream(request: HttpRequest, options: CallOptions = {}): AsyncGenerator<Uint8Array, void, void> {
    const status = yield* exchange(request, options)
    if (status !== 200) throw unknownOutcome(request, `status ${status}`)
  }

  return { send, stream, close: () => pool.destroy() }
}

const timedOut = (request: HttpRequest, timeoutMs: number, cause: unknown): DbClusterError =>
  request.writes
    ? unknownOutcome(request, `no answer within ${timeoutMs} ms`, cause)
    : new DbClusterError('TIMEOUT', `${request.what}: no answer within ${timeoutMs} ms`, {
        hint: 'allow it more time, or ask for less',
        details: { outcome: 'unknown', timeoutMs },
        cause,
      })

const cancelled = (request: HttpRequest, outcome: 'notSent' | 'unknown', cause?: unknown): DbClusterError =>
  new DbClusterError('CANCELLED', `${request.what}: cancelled by the caller`, { details: { outcome }, cause })

const tooLarge = (request: HttpRequest, limit: number): DbClusterError =>
  new DbClusterError('RESULT_TOO_LARGE', `${request.what}: the answer exceeds ${limit} bytes`, {
    hint: 'ask for fewer rows or columns (LIMIT)',
    details: { outcome: request.writes ? 'unknown' : 'notApplied', responseMaxBytes: limit },
  })
