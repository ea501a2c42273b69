import type { Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { DbClusterError } from '@dbcluster/protocol'
import { createAdaptorServer, type Http2Bindings, type HttpBindings } from '@hono/node-server'
import type { GatewayApp } from '../gateway.js'
import { answerClientErrors } from './client-error.js'
import { type Connections, cutUnread, endIfGreedy, trackConnections } from './connections.js'

/** Where a gateway listens. */
export interface ServeInit {
  /** @default '127.0.0.1' */
  readonly host?: string
  /** 0 lets the system choose. */
  readonly port: number
  /** Time that requests under way get when the server is closed; what is left then is cut off. @default 65000 */
  readonly closeGraceMs?: number
  /** Connections at most; further ones are closed at once. @default 10000 */
  readonly maxConnections?: number
  /** Certificate chain and private key, PEM: HTTPS and nothing else. @default plain HTTP */
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** A gateway that listens. */
export interface GatewayServer {
  /** With the port that was really taken. */
  readonly url: string
  /** Stops accepting, lets requests under way finish, closes idle connections. Idempotent. */
  close(): Promise<void>
}

/** Longer than load balancers and clients keep idle connections (60 s), so that they close first. */
const KEEP_ALIVE_MS = 65_000
/** A client that sends its headers or its body slower than this is not served. */
const HEADERS_TIMEOUT_MS = 15_000
const REQUEST_TIMEOUT_MS = 60_000
/** How often those two are looked at. */
const CHECK_MS = 2_000
/** Node's own default, written down: the longest credential and some. */
const HEADERS_MAX_BYTES = 16 * 1024
const HANDSHAKE_TIMEOUT_MS = 10_000
const MAX_CONNECTIONS = 10_000
/** A transaction's limit and some. */
const CLOSE_GRACE_MS = 65_000

/** Serves an app on a socket. @throws DbClusterError `LISTEN_FAILED`, `CONFIG_INVALID` for a certificate that can't be used */
export const serveGateway = async (app: Pick<GatewayApp, 'fetch'>, init: ServeInit): Promise<GatewayServer> => {
  const { host = '127.0.0.1', port, closeGraceMs = CLOSE_GRACE_MS, tls } = init
  const fetch: FetchCallback = (request, env) =>
    // What a client sent ahead of its connection's end is looked at no further.
    endIfGreedy(connections, env.incoming.socket) ? new Response(null, { status: 429 }) : app.fetch(request, env)
  const server = createServer(fetch, tls)
  server.maxConnections = init.maxConnections ?? MAX_CONNECTIONS
  answerClientErrors(server)
  const connections = trackConnections(server, tls === undefined ? 'connection' : 'secureConnection')
  const stopCutting = cutUnread(connections)
  await listen(server, host, port)
  const address = server.address()
  const taken = typeof address === 'object' && address !== null ? address.port : port
  let closing: Promise<void> | undefined
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    close: () => {
      closing ??= close(server, connections, closeGraceMs).finally(stopCutting)
      return closing
    },
  }
}

type FetchCallback = (request: Request, env: HttpBindings | Http2Bindings) => Response | Promise<Response>

const createServer = (fetch: FetchCallback, tls: ServeInit['tls']): Server => {
  const serverOptions = {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_MS,
    maxHeaderSize: HEADERS_MAX_BYTES,
  }
  if (tls === undefined) return createAdaptorServer({ fetch, serverOptions }) as Server
  try {
    return createAdaptorServer({
      fetch,
      createServer: createTlsServer,
      serverOptions: { ...serverOptions, ...tls, handshakeTimeout: HANDSHAKE_TIMEOUT_MS, minVersion: 'TLSv1.2' },
    }) as unknown as Server
  } catch (cause) {
    throw new DbClusterError('CONFIG_INVALID', 'the certificate and key of the gateway cannot be used', {
      hint: 'give a certificate chain and its private key, both PEM, in gateway.tls_cert_file and gateway.tls_key_file',
      cause,
    })
  }
}

const listen = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const failed = (cause: Error): void =>
      reject(
        new DbClusterError('LISTEN_FAILED', `the gateway can't listen on ${host}:${port}: ${cause.message}`, {
          hint: 'another process may have the port; choose another one with gateway.listen',
          cause,
        }),
      )
    server.once('error', failed)
    server.listen(port, host, () => {
      server.removeListener('error', failed)
      resolve()
    })
  })

const close = (server: Server, connections: Connections, graceMs: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    for (const [socket, answering] of connections) {
      if (answering.size === 0) socket.destroy()
      // Answers not begun yet tell their client that the connection ends with them.
      for (const response of answering) if (!response.headersSent) response.setHeader('connection', 'close')
    }
  })
