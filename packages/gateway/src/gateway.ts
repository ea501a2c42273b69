import type { Transport } from '@dbcluster/client'
import type { Logger } from '@dbcluster/protocol'
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import type { Registry } from 'prom-client'
import { type GatewayInit, resolveConfig } from './config.js'
import { ENDPOINTS } from './endpoints/all.js'
import { failureHandler, type GatewayEnv, requestFrame } from './frame.js'
import { Guards } from './guards/guards.js'
import { RefusalPace } from './guards/refusal-pace.js'
import { createEndpointHandler } from './handler.js'
import { createMetrics } from './metrics.js'
import { RATE_HEADERS } from './response/rate.js'
import { methodNotAllowed, routeNotFound } from './routing.js'
import { addSite } from './site/site.js'

/** Collaborators of a gateway. */
export interface GatewayComponents {
  /** The way to the nodes; the caller connects and closes it. */
  readonly transport: Transport
  readonly logger: Logger
  /** Where metrics are kept. @default a new one */
  readonly registry?: Registry
}

/** A gateway as a Hono app: `app.fetch` serves it, `app.request()` tests it. */
export type GatewayApp = Hono<GatewayEnv>

const EXPOSED = ['X-Request-Id', 'Retry-After', 'X-Served-By', 'Server-Timing', ...RATE_HEADERS]

/**
 * The HTTP API over a transport. It decides nothing about credentials: nodes do.
 * @throws DbClusterError `CONFIG_INVALID`
 */
export const createGateway =
  (init: GatewayInit = {}) =>
  ({ transport, logger, registry }: GatewayComponents): GatewayApp => {
    const config = resolveConfig(init)
    const metrics = createMetrics(registry)
    const guards = new Guards(config)
    const app: GatewayApp = new Hono<GatewayEnv>()
    app.use(requestFrame({ metrics, logger }))
    if (config.corsOrigins.length > 0) {
      const origin = config.corsOrigins.includes('*') ? '*' : [...config.corsOrigins]
      app.use('/v1/*', cors({ origin, allowMethods: ['GET', 'POST', 'DELETE'], exposeHeaders: EXPOSED, maxAge: 600 }))
    }
    const paths = new Map<string, string[]>()
    const handle = createEndpointHandler({ transport, config, guards })
    for (const endpoint of ENDPOINTS) {
      const path = endpoint.path.replaceAll(/\{(\w+)\}/g, ':$1')
      app.on(endpoint.method, path, (context) => handle(endpoint, context))
      paths.set(path, [...(paths.get(path) ?? []), endpoint.method])
    }
    for (const path of addSite(app, { transport, metrics, config })) paths.set(path, ['GET'])
    for (const [path, methods] of paths) {
      // A database may have any name, so other methods on its path are no known route.
      if (!path.includes(':')) app.all(path, methodNotAllowed(path, methods))
    }
    app.onError(failureHandler(new RefusalPace(() => performance.now())))
    app.notFound(routeNotFound([...paths.keys()].filter((path) => !path.includes(':'))))
    return app
  }
