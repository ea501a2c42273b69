import { createServer } from 'node:http'
import { DbClusterError } from '@dbcluster/protocol'
import type { Registry } from 'prom-client'

/** A scrape is one line; nobody needs longer for it. */
const REQUEST_LIMIT_MS = 10_000

/**
 * Answers `GET /metrics` on an address of its own. Without authentication: it is for the machine or its network alone.
 * @returns what ends it
 * @throws DbClusterError `LISTEN_FAILED`
 */
export const serveMetrics = async (
  registry: Registry,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<() => Promise<void>> => {
  const server = createServer({ requestTimeout: REQUEST_LIMIT_MS, maxHeaderSize: 8_192 }, (request, response) => {
    const path = request.url?.split('?')[0]
    if (path !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('GET /metrics\n')
      return
    }
    registry.metrics().then(
      (body) => response.writeHead(200, { 'content-type': registry.contentType }).end(body),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new DbClusterError('LISTEN_FAILED', `metrics.listen: ${host}:${port} cannot be listened on`, {
          hint: 'name an address of this machine and a port that is free',
          cause,
        }),
      ),
    )
    server.listen(port, host, resolve)
  })
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
}
