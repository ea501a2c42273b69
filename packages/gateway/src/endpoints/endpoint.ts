import type { OperationOf } from '@dbcluster/client'
import type { Operation, OperationName, OperationResults } from '@dbcluster/protocol'
import type { Static, TObject, TSchema } from '@sinclair/typebox'
import { createInputChecker } from '../request/check.js'
import type { Fields, Format } from '../response/body.js'

/** One row of the API: from an HTTP request to an operation, and from its result to a response. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** As OpenAPI writes it: `/v1/database/{name}`. */
  readonly path: string
  readonly operationId: string
  readonly summary: string
  /** Where the input's fields come from. */
  readonly source: 'body' | 'query' | 'path' | 'none'
  readonly input: TObject
  readonly output: TSchema
  readonly timeout: 'query' | 'transaction'
  /** @throws DbClusterError when the input is not right */
  operation(input: unknown): Operation
  respond(result: unknown, format: Format): Fields
}

/** An endpoint whose parts know their types. */
export interface EndpointInit<S extends TObject, O extends OperationName>
  extends Omit<Endpoint, 'input' | 'operation' | 'respond' | 'timeout' | 'operationId'> {
  readonly op: O
  readonly input: S
  /** @default 'query' */
  readonly timeout?: 'query' | 'transaction'
  /** @default the operation's name */
  readonly operationId?: string
  operation(input: Static<S>): OperationOf<O>
  respond(result: OperationResults[O], format: Format): Fields
}

/** Makes an endpoint of its typed parts. */
export const defineEndpoint = <S extends TObject, O extends OperationName>(init: EndpointInit<S, O>): Endpoint => {
  const check = createInputChecker(init.input)
  return {
    method: init.method,
    path: init.path,
    operationId: init.operationId ?? init.op,
    summary: init.summary,
    source: init.source,
    input: init.input,
    output: init.output,
    timeout: init.timeout ?? 'query',
    operation: (input) => init.operation(check(input)),
    respond: (result, format) => init.respond(result as OperationResults[O], format),
  }
}
