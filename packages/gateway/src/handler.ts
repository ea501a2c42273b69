import type { Transport, TransportAnswer } from '@dbcluster/client'
import { DbClusterError, type OperationName } from '@dbcluster/protocol'
import { callNodes, READS } from './call.js'
import type { GatewayConfig } from './config.js'
import type { Endpoint } from './endpoints/endpoint.js'
import type { GatewayContext } from './frame.js'
import type { Guards, Visit } from './guards/guards.js'
import { type BodyOptions, checkContentType, readBody } from './request/body.js'
import { readCredential } from './request/credential.js'
import { readTimeoutMs } from './request/headers.js'
import { parseJson } from './request/json.js'
import { type RequestSource, sourceOf } from './request/source.js'
import { suggest } from './request/suggest.js'
import { type Format, writeFields } from './response/body.js'
import { rateHeaders } from './response/rate.js'
import { metaFields } from './response/results.js'

/** What a handler works with. */
export interface HandlerComponents {
  readonly transport: Transport
  readonly config: GatewayConfig
  readonly guards: Guards
}

const TAGGED_TYPE = 'application/vnd.dbcluster+json'

/** Serves one request of an endpoint: credential, room, input, operation, answer. */
export const createEndpointHandler =
  ({ transport, config, guards }: HandlerComponents) =>
  async (endpoint: Endpoint, context: GatewayContext): Promise<Response> => {
    context.set('route', endpoint.path)
    const { raw } = context.req
    const credential = readCredential(raw.headers)
    const limitMs = endpoint.timeout === 'transaction' ? config.transactionTimeoutMs : config.queryTimeoutMs
    const timeoutMs = readTimeoutMs(raw.headers, limitMs)
    const source = sourceOf(raw, context.env)
    const visit = guards.enter(credential)
    try {
      const body = { maxBytes: config.bodyMaxBytes, hold: visit.hold }
      const operation = endpoint.operation(await readInput(endpoint, context, { source, body }))
      const requestId = context.get('requestId')
      const answer = await callNodes(transport, { operation, credential, requestId, timeoutMs, source })
      return respond(endpoint, context, { answer, visit, op: operation.op })
    } finally {
      visit.leave()
    }
  }

const respond = (
  endpoint: Endpoint,
  context: GatewayContext,
  {
    answer,
    visit,
    op,
  }: { readonly answer: TransportAnswer<OperationName>; readonly visit: Visit; readonly op: OperationName },
): Response => {
  const { result, meta } = answer
  const format: Format = context.req.raw.headers.get('accept')?.includes(TAGGED_TYPE) === true ? 'tagged' : 'plain'
  const fields = endpoint.respond(result, format)
  const body = writeFields(format === 'tagged' ? { ...fields, meta: metaFields(meta) } : fields, format)
  // `close` comes after the last byte was handed over, and when the connection ends before that.
  context.env?.outgoing?.once('close', heldAnswer(visit, op, body.length))
  return new Response(body, {
    headers: {
      'content-type': format === 'tagged' ? TAGGED_TYPE : 'application/json',
      vary: 'Accept',
      'server-timing': `nodes;dur=${meta.durationMs}${meta.wokeMs === undefined ? '' : `, wake;dur=${meta.wokeMs}`}`,
      'x-served-by': meta.servedBy,
      ...rateHeaders(meta.rate),
    },
  })
}

/** Keeps the answer of what was done, or says that it can't be kept. */
const heldAnswer = (visit: Visit, op: OperationName, bytes: number): (() => void) => {
  try {
    return visit.holdAnswer(bytes)
  } catch (cause) {
    if (READS.includes(op)) throw cause
    throw new DbClusterError('OUTCOME_UNKNOWN', `the answer of ${bytes} bytes was dropped: others wait to be read`, {
      hint: 'the request was carried out; read the answers, and ask for less at a time',
      cause,
    })
  }
}

const readInput = async (
  endpoint: Endpoint,
  context: GatewayContext,
  { source, body }: { readonly source: RequestSource; readonly body: BodyOptions },
): Promise<unknown> => {
  const { raw } = context.req
  const { searchParams } = new URL(raw.url)
  if (endpoint.source === 'query') return queryInput(searchParams, Object.keys(endpoint.input.properties))
  const [stray] = searchParams.keys()
  if (stray !== undefined) {
    throw new DbClusterError('INVALID_REQUEST', `unknown query parameter ${JSON.stringify(stray.slice(0, 60))}`, {
      hint: endpoint.source === 'body' ? 'send it in the JSON body' : 'this endpoint takes none',
    })
  }
  if (endpoint.source === 'path') return context.req.param()
  checkContentType(raw.headers)
  return parseJson(await readBody(raw.headers, source, body))
}

const queryInput = (parameters: URLSearchParams, known: readonly string[]): Readonly<Record<string, string>> => {
  for (const name of parameters.keys()) {
    const shown = JSON.stringify(name.slice(0, 60))
    if (!known.includes(name)) {
      const meant = suggest(name, known)
      const message = `unknown query parameter ${shown}${meant === undefined ? '' : `; did you mean "${meant}"?`}`
      throw new DbClusterError('INVALID_REQUEST', message, {
        hint: known.length === 0 ? 'this endpoint takes none' : `it takes ${known.join(', ')}`,
      })
    }
    if (parameters.getAll(name).length > 1) {
      throw new DbClusterError('INVALID_REQUEST', `the query parameter ${shown} is given more than once`, {
        hint: 'give it once',
      })
    }
  }
  return Object.fromEntries(parameters)
}
