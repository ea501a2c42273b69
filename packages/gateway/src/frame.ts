import { type DbClusterError, errorTraits, type Logger, toDbClusterError } from '@dbcluster/protocol'
import type { Context, ErrorHandler, MiddlewareHandler } from 'hono'
import type { RefusalPace } from './guards/refusal-pace.js'
import type { GatewayMetrics } from './metrics.js'
import { readRequestId } from './request/headers.js'
import { type NodeBindings, type RequestSource, sourceOf } from './request/source.js'
import { failureResponse } from './response/failure.js'

/** What handlers leave for the frame around them. */
export interface GatewayEnv {
  /** Node's own request and response, when it is served by Node. */
  Bindings: NodeBindings
  Variables: {
    requestId: string
    /** Template of the route that answered, for metrics and logs. */
    route: string
    failure: DbClusterError | undefined
  }
}

/** The context of one request. */
export type GatewayContext = Context<GatewayEnv>

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
}

/** Around every request: its id, its headers, its metrics and its log line. */
export const requestFrame =
  ({ metrics, logger }: { readonly metrics: GatewayMetrics; readonly logger: Logger }): MiddlewareHandler<GatewayEnv> =>
  async (context, next) => {
    const requestId = readRequestId(context.req.raw.headers)
    context.set('requestId', requestId)
    context.set('route', 'unknown')
    const startedAt = performance.now()
    const end = metrics.begin()
    await next()
    const { status, headers } = context.res
    headers.set('x-request-id', requestId)
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) if (!headers.has(name)) headers.set(name, value)
    if (isEncrypted(context.env)) headers.set('strict-transport-security', 'max-age=31536000')
    const route = context.get('route')
    end({ route, method: context.req.method, status })
    const durationMs = Math.round((performance.now() - startedAt) * 100) / 100
    logAnswer(logger, context.get('failure'), { request_id: requestId, route, status, duration_ms: durationMs })
  }

const isEncrypted = (env: NodeBindings | undefined): boolean =>
  (env?.incoming?.socket as { readonly encrypted?: boolean } | undefined)?.encrypted === true

/** What any error becomes: our one shape. The frame logs it. @param endsConnection the client shall not go on on it */
export const answerFailure = (failure: DbClusterError, context: GatewayContext, endsConnection = false): Response => {
  context.set('failure', failure)
  const credentialGiven = credentialOf(context) !== undefined
  return failureResponse(failure, { requestId: context.get('requestId'), credentialGiven, endsConnection })
}

/** Refusals of who asks, whatever it asks for. */
const PACED: readonly number[] = [401, 403, 429]

/** Answers what handlers throw; those who heed no refusal are told in their time. */
export const failureHandler = (pace: RefusalPace): ErrorHandler<GatewayEnv> => {
  return async (thrown, context) => {
    const failure = toDbClusterError(thrown)
    const credential = credentialOf(context)
    if (credential === undefined || !PACED.includes(errorTraits(failure.code).status)) {
      return answerFailure(failure, context)
    }
    const { delayMs, endsConnection } = pace.next(credential)
    if (delayMs > 0) await putOff(delayMs, sourceOf(context.req.raw, context.env))
    return answerFailure(failure, context, endsConnection)
  }
}

const credentialOf = ({ req }: GatewayContext): string | undefined => {
  const { headers } = req.raw
  return headers.get('authorization') ?? headers.get('x-api-key') ?? undefined
}

/** Resolves after a while, or when there is nobody left to be told. */
const putOff = (delayMs: number, { onDisconnect }: Pick<RequestSource, 'onDisconnect'>): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => {
      stopListening()
      resolve()
    }, delayMs)
    const stopListening = onDisconnect(() => {
      clearTimeout(timer)
      resolve()
    })
  })

const logAnswer = (
  logger: Logger,
  failure: DbClusterError | undefined,
  fields: Readonly<Record<string, unknown>>,
): void => {
  if (failure === undefined) return logger.debug('Request answered', fields)
  const withCode = { ...fields, code: failure.code }
  const { status } = errorTraits(failure.code)
  if (status === 500) return logger.error('Request failed', { ...withCode, error: failure.cause ?? failure })
  if (status > 500) return logger.warn('Request failed', { ...withCode, reason: failure.message })
  return logger.debug('Request refused', withCode)
}
