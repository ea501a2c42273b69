import type { OperationName } from '@dbcluster/protocol'
import { DbClusterError, isDbClusterError } from '@dbcluster/protocol/errors'
import { Closing } from '../closing.js'
import { type Deadline, pause, startDeadline } from '../deadline.js'
import { isWrite } from '../operations.js'
import { ATTEMPTS_MAX, backoffMs, worthAnotherAttempt } from '../retry.js'
import type { OperationOf, Transport, TransportAnswer, TransportCallOptions, TransportStatus } from '../transport.js'
import { endpointOf, type HttpCall } from './endpoints.js'
import { certainlyNotSent, unreadableAnswer } from './faults.js'
import { readError, readMeta } from './read.js'

/** Settings of the HTTP transport. */
export interface HttpTransportInit {
  /** Where the gateway is; a path in it is kept as a prefix. */
  readonly url: string | URL
  /** @default the global `fetch` */
  readonly fetch?: typeof fetch
  /** For the jitter of retries. @default Math.random */
  readonly random?: () => number
}

/** JSON with large integers tagged, for readers whose numbers are doubles. */
const MEDIA_TYPE = 'application/vnd.dbcluster+json'

/** Speaks to a gateway with `fetch` alone. @throws DbClusterError `CONFIG_INVALID` for a URL that isn't http(s) */
export const createHttpTransport = (init: HttpTransportInit): Transport => new HttpTransport(init)

class HttpTransport implements Transport {
  readonly #base: string
  readonly #fetch: typeof fetch
  readonly #random: () => number
  readonly #closing = new Closing()
  #status: TransportStatus = { ready: false, reason: 'no answer of the gateway yet' }

  constructor({ url, fetch: given, random = Math.random }: HttpTransportInit) {
    this.#base = checkUrl(url)
    this.#fetch = given ?? ((...args) => fetch(...args))
    this.#random = random
  }

  /** One request to the gateway's readiness, so that a wrong URL shows at once. */
  async connect(): Promise<void> {
    const deadline = startDeadline({ timeoutMs: 10_000, closing: this.#closing })
    try {
      const response = await this.#fetch(`${this.#base}/readyz`, { signal: deadline.signal })
      const text = await response.text()
      if (!response.ok) throw readError(response, text) ?? unreadableAnswer('connect', response, false)
      this.#status = { ready: true }
    } catch (error) {
      const fault = deadline.signal.aborted ? deadline.error('connect', false) : this.#unreachable(error)
      this.#status = { ready: false, reason: fault.message }
      throw fault
    } finally {
      deadline.release()
    }
  }

  status(): TransportStatus {
    return this.#closing.closed ? { ready: false, reason: 'the client is closed' } : this.#status
  }

  async close(): Promise<void> {
    this.#closing.close()
  }

  async call<O extends OperationName>(
    operation: OperationOf<O>,
    options: TransportCallOptions,
  ): Promise<TransportAnswer<O>> {
    const deadline = startDeadline({ ...options, closing: this.#closing })
    try {
      for (let attempt = 1; ; attempt++) {
        if (deadline.signal.aborted) throw deadline.error(operation.op, false)
        try {
          return await this.#attempt(operation, options, { deadline, attempt })
        } catch (error) {
          if (!isDbClusterError(error)) throw error
          if (attempt >= ATTEMPTS_MAX || !worthAnotherAttempt(error.code, isWrite(operation.op))) throw error
          const waitMs = Math.max(backoffMs(attempt, this.#random), retryAfterMs(error))
          if (waitMs >= deadline.remainingMs()) throw error
          await pause(waitMs, deadline.signal)
        }
      }
    } finally {
      deadline.release()
    }
  }

  async #attempt<O extends OperationName>(
    operation: OperationOf<O>,
    { credential, requestId }: TransportCallOptions,
    { deadline, attempt }: { readonly deadline: Deadline; readonly attempt: number },
  ): Promise<TransportAnswer<O>> {
    const endpoint = endpointOf(operation.op)
    const write = isWrite(operation.op)
    const { method, path, body }: HttpCall = endpoint.request(operation)
    let response: Response
    let text: string
    try {
      response = await this.#fetch(`${this.#base}${path}`, {
        method,
        signal: deadline.signal,
        headers: {
          accept: MEDIA_TYPE,
          'x-request-id': requestId,
          'x-timeout-ms': String(Math.max(1, deadline.remainingMs())),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
        },
        ...(body === undefined ? {} : { body }),
      })
      text = await response.text()
    } catch (error) {
      if (deadline.signal.aborted) throw deadline.error(operation.op, write)
      if (!write || certainlyNotSent(error)) throw this.#unreachable(error)
      throw new DbClusterError('OUTCOME_UNKNOWN', `the connection to ${this.#base} ended before the answer came`, {
        hint: 'it may have been applied: read before you send it again',
        requestId,
        cause: error,
      })
    }
    this.#status = { ready: true }
    if (!response.ok) throw readError(response, text) ?? unreadableAnswer(operation.op, response, write)
    const answer = parse(text) ?? unreadableAnswer(operation.op, response, write)
    if (answer instanceof Error) throw answer
    return { result: endpoint.result(answer) as TransportAnswer<O>['result'], meta: readMeta(answer, attempt) }
  }

  #unreachable(error: unknown): DbClusterError {
    if (isDbClusterError(error)) return error
    const fault = new DbClusterError('NODE_UNREACHABLE', `no answer from the gateway at ${this.#base}`, {
      hint: 'check the url and that the gateway runs; in a browser also its gateway.cors_origins',
      cause: error,
    })
    this.#status = { ready: false, reason: fault.message }
    return fault
  }
}

const checkUrl = (url: string | URL): string => {
  let parsed: URL | undefined
  try {
    parsed = new URL(url)
  } catch {}
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.search !== '' || parsed.hash !== '') {
    throw new DbClusterError('CONFIG_INVALID', `${JSON.stringify(String(url))} is not the URL of a gateway`, {
      hint: "use one like 'http://gateway:8080'",
    })
  }
  return (parsed.origin + parsed.pathname).replace(/\/+$/, '')
}

const parse = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

const retryAfterMs = (error: DbClusterError): number => {
  const seconds = error.details?.retry_after
  return typeof seconds === 'number' ? Math.min(seconds, 5) * 1_000 : 0
}
