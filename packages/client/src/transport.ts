import type { Operation, OperationName, OperationResults, ResultMeta } from '@dbcluster/protocol'

/** One operation by its name. */
export type OperationOf<O extends OperationName> = Extract<Operation, { readonly op: O }>

/** A statement as it is sent; its values were checked. */
export type WireStatement = OperationOf<'execute'>['statement']

/** Settings of one call. */
export interface TransportCallOptions {
  /** API key or token; the nodes decide what it may do. Absent: the transport's own, if it has one. */
  readonly credential?: string | undefined
  /** Aborting ends the call with `CANCELLED`; a write may have been applied all the same. */
  readonly signal?: AbortSignal | undefined
  /** How long the caller waits, retries included. */
  readonly timeoutMs: number
  /** Ties log lines of client, gateway and nodes together. */
  readonly requestId: string
}

/** What a call brings back. */
export interface TransportAnswer<O extends OperationName> {
  readonly result: OperationResults[O]
  readonly meta: ResultMeta
}

/** Whether calls have somebody to go to. */
export type TransportStatus = { readonly ready: true } | { readonly ready: false; readonly reason: string }

/**
 * The way to the nodes. Retries inside are bounded by the call's deadline; a write is sent again only after an error
 * that says it was certainly not applied.
 */
export interface Transport {
  /** Idempotent; calls connect by themselves. @throws DbClusterError `NODE_UNREACHABLE` when nobody answers */
  connect(): Promise<void>
  /** @throws DbClusterError with the code that the node gave, or `NODE_UNREACHABLE`, `TIMEOUT`, `OUTCOME_UNKNOWN`, `CANCELLED` */
  call<O extends OperationName>(operation: OperationOf<O>, options: TransportCallOptions): Promise<TransportAnswer<O>>
  /** Never waits. */
  status(): TransportStatus
  /** Idempotent; calls under way end with `CANCELLED`. */
  close(): Promise<void>
}
