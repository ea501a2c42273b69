import type { OperationName } from '@dbcluster/protocol'
import { DbClusterError } from '@dbcluster/protocol/errors'
import { defaultTimeoutMs } from './operations.js'
import type { OperationOf, Transport, TransportAnswer } from './transport.js'

/** Settings that every method takes. */
export interface CallOptions {
  /** Aborting ends the call with `CANCELLED`; a write may have been applied all the same. */
  readonly signal?: AbortSignal
  /** @default 30000, and 60000 for a transaction or batch */
  readonly timeoutMs?: number
  /** Ties log lines together. @default a random one */
  readonly requestId?: string
}

const TIMEOUT_MAX_MS = 600_000
const REQUEST_ID = /^[\w.:-]{1,128}$/

/** Fills in what each call needs beside its operation. */
export class Caller {
  readonly #transport: Transport
  readonly #credential: string | undefined

  constructor(transport: Transport, credential: string | undefined) {
    this.#transport = transport
    this.#credential = credential
  }

  async call<O extends OperationName>(
    operation: OperationOf<O>,
    { signal, timeoutMs = defaultTimeoutMs(operation.op), requestId = randomId() }: CallOptions = {},
  ): Promise<TransportAnswer<O>> {
    if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > TIMEOUT_MAX_MS) {
      throw new DbClusterError('INVALID_REQUEST', `timeoutMs is ${timeoutMs}`, {
        hint: `pass whole milliseconds from 1 to ${TIMEOUT_MAX_MS}`,
      })
    }
    if (!REQUEST_ID.test(requestId)) {
      throw new DbClusterError('INVALID_REQUEST', 'the requestId is not usable', {
        hint: 'use 1 to 128 letters, digits and ". : _ -"',
      })
    }
    if (signal?.aborted) {
      throw new DbClusterError('CANCELLED', `${operation.op} was cancelled before it was sent`, {
        requestId,
        cause: signal.reason,
      })
    }
    return this.#transport.call<O>(operation, { credential: this.#credential, signal, timeoutMs, requestId })
  }
}

/** 128 random bits; `crypto.randomUUID` exists in secure contexts only. */
const randomId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
