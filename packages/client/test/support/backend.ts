import type { Operation, ResultMeta } from '@dbcluster/protocol'

/** What a backend learns of one request beside its operation. */
export interface BackendRequest {
  readonly operation: Operation
  readonly credential: string | undefined
  readonly requestId: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** The far side of a wire test: notes what arrives, answers what the test says. */
export class Backend {
  readonly requests: BackendRequest[] = []
  meta: ResultMeta = { servedBy: '12D3backend', durationMs: 1.5, consistency: 'weak' }
  /** Result of each request, or throws a `DbClusterError`. */
  answer: (request: BackendRequest) => unknown = () => ({})

  async serve(request: BackendRequest): Promise<{ readonly result: unknown; readonly meta: ResultMeta }> {
    // `locate` is the transport's own business.
    if (request.operation.op === 'locate') return { result: { replicas: [] }, meta: this.meta }
    this.requests.push(request)
    return { result: await this.answer(request), meta: this.meta }
  }

  get operations(): readonly Operation[] {
    return this.requests.map((request) => request.operation)
  }
}

/** A promise and its switch. */
export const gate = <T = void>(): { readonly promise: Promise<T>; readonly open: (value: T) => void } => {
  let open: (value: T) => void = () => undefined
  const promise = new Promise<T>((resolve) => {
    open = resolve
  })
  return { promise, open }
}
