import type { OperationOf, Transport, TransportAnswer, TransportCallOptions, TransportStatus } from '@dbcluster/client'
import type { Operation, OperationName, ResultMeta } from '@dbcluster/protocol'

export const META: ResultMeta = { servedBy: '12D3node', durationMs: 1.5, consistency: 'weak', attempts: 1 }

export interface RecordedCall {
  readonly operation: Operation
  readonly options: TransportCallOptions
}

export type Answer = (operation: Operation, options: TransportCallOptions) => unknown

/** A transport that notes what it is asked and answers what the test says. */
export class RecordingTransport implements Transport {
  readonly calls: RecordedCall[] = []
  meta: ResultMeta = META
  state: TransportStatus = { ready: true }
  answer: Answer

  constructor(answer: Answer = () => ({})) {
    this.answer = answer
  }

  async connect(): Promise<void> {}

  async call<O extends OperationName>(
    operation: OperationOf<O>,
    options: TransportCallOptions,
  ): Promise<TransportAnswer<O>> {
    this.calls.push({ operation, options })
    return { result: (await this.answer(operation, options)) as TransportAnswer<O>['result'], meta: this.meta }
  }

  status(): TransportStatus {
    return this.state
  }

  async close(): Promise<void> {}
}
