import type { Transport } from '@dbcluster/client'
import type { Hono } from 'hono'
import type { GatewayConfig } from '../config.js'
import type { GatewayContext, GatewayEnv } from '../frame.js'
import type { GatewayMetrics } from '../metrics.js'
import { createDocs } from './docs.js'
import { createOpenApi } from './openapi.js'

/** What the pages beside the API show. */
export interface SiteComponents {
  readonly transport: Transport
  readonly metrics: GatewayMetrics
  readonly config: GatewayConfig
}

const DOCS_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

/** Adds what needs no credential: health, readiness, metrics, and the API's description. Returns the paths. */
export const addSite = (app: Hono<GatewayEnv>, components: SiteComponents): readonly string[] => {
  const { transport, metrics, config } = components
  const openApi = JSON.stringify(createOpenApi(config.version))
  const docs = createDocs(config.version)
  const pages: Readonly<Record<string, (context: GatewayContext) => Response | Promise<Response>>> = {
    '/healthz': (context) => context.json({ status: 'ok' }),
    '/readyz': (context) => {
      const status = transport.status()
      if (status.ready) return context.json({ status: 'ready' })
      context.header('retry-after', '1')
      return context.json({ status: 'unavailable', reason: status.reason }, 503)
    },
    '/metrics': async (context) =>
      context.body(await metrics.registry.metrics(), 200, { 'content-type': metrics.registry.contentType }),
    '/openapi.json': (context) => context.body(openApi, 200, { 'content-type': 'application/json' }),
    '/docs': (context) => context.html(docs, 200, { 'content-security-policy': DOCS_POLICY }),
  }
  for (const [path, page] of Object.entries(pages)) {
    app.get(path, (context) => {
      context.set('route', path)
      return page(context)
    })
  }
  return Object.keys(pages)
}
