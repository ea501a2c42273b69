import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { DbClusterError } from '@dbcluster/protocol'
import { createAdaptorServer } from '@hono/node-server'
import type { GatewayApp } from './gateway.js'

/** Where a gateway listens. */
export interface ServeInit {
  /** @default '127.0.0.1' */
  readonly host?: string
  /** 0 lets the system choose. */
  readonly port: number
  /** Time that requests under way get when the server is closed; what is left then is cut off. @default 65000 */
  readonly closeGraceMs?: number
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
/** A transaction's limit and some. */
const CLOSE_GRACE_MS = 65_000

/** Serves an app on a socket. @throws DbClusterError `LISTEN_FAILED` */
export const serveGateway = async (
  app: Pick<GatewayApp, 'fetch'>,
  { host = '127.0.0.1', port, closeGraceMs = CLOSE_GRACE_MS }: ServeInit,
): Promise<GatewayServer> => {
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
  }) as Server
  const connections = trackConnections(server)
  await listen(server, host, port)
  const address = server.address()
  const taken = typeof address === 'object' && address !== null ? address.port : port
  let closing: Promise<void> | undefined
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    close: () => {
      closing ??= close(server, connections, closeGraceMs)
      return closing
    },
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

/** Open connections, each with the answers that are not finished on it. */
type Connections = Map<Socket, Set<ServerResponse>>

/**
 * Node's own `closeIdleConnections` leaves connections alone on which nothing was asked yet, so we keep count.
 * @see https://nodejs.org/api/http.html#servercloseidleconnections
 */
const trackConnections = (server: Server): Connections => {
  const connections: Connections = new Map()
  server.on('connection', (socket: Socket) => {
    connections.set(socket, new Set())
    socket.once('close', () => connections.delete(socket))
  })
  server.prependListener('request', ({ socket }, response: ServerResponse) => {
    const answering = connections.get(socket)
    answering?.add(response)
    if (!server.listening) response.setHeader('connection', 'close')
    response.once('close', () => {
      answering?.delete(response)
      if (!server.listening && answering?.size === 0) socket.end()
    })
  })
  return connections
}

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
