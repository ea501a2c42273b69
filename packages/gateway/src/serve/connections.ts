import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Open connections, each with the answers that are not finished on it. */
export type Connections = Map<Socket, Set<ServerResponse>>

/**
 * Node's own `closeIdleConnections` leaves connections alone on which nothing was asked yet, so we keep count.
 * @see https://nodejs.org/api/http.html#servercloseidleconnections
 */
export const trackConnections = (server: Server, event: 'connection' | 'secureConnection'): Connections => {
  const connections: Connections = new Map()
  server.on(event, (socket: Socket) => {
    const answering = new Set<ServerResponse>()
    connections.set(socket, answering)
    socket.once('close', () => {
      connections.delete(socket)
      // Node tells the answer whose turn it was; those behind it would be kept, with all that waits for their end.
      for (const response of answering) if (response.socket === null) response.emit('close')
    })
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

/** Requests that may wait for their answers on one connection: HTTP/1.1 gives answers in turn, so further ones gain nothing. */
const UNANSWERED_MAX = 32

/** Whether a connection has asked so much more than was answered that it is ended; what it still brings is dropped. */
export const endIfGreedy = (connections: Connections, socket: Socket): boolean => {
  if (!socket.destroyed && (connections.get(socket)?.size ?? 0) <= UNANSWERED_MAX) return false
  socket.destroy()
  return true
}

/** How often unread answers are looked at. */
const SWEEP_MS = 1_000
/** Time that any answer gets to be read. */
const READ_GRACE_MS = 10_000
/** A reader may be this slow beyond that: 0.5 Mbit/s. */
const READ_MIN_BYTES_PER_MS = 64

/** Cuts off clients that don't read their answers; what they hold is memory. Returns how to stop. */
export const cutUnread = (connections: Connections): (() => void) => {
  const waiting = new Map<Socket, { readonly sinceMs: number; readonly bytes: number }>()
  const timer = setInterval(() => {
    const nowMs = performance.now()
    for (const socket of waiting.keys()) if (!connections.has(socket)) waiting.delete(socket)
    for (const [socket, answering] of connections) {
      const unread = [...answering].some((response) => response.writableEnded && !response.writableFinished)
      if (!unread) {
        waiting.delete(socket)
        continue
      }
      const begun = waiting.get(socket) ?? { sinceMs: nowMs, bytes: socket.writableLength }
      waiting.set(socket, begun)
      if (nowMs - begun.sinceMs > READ_GRACE_MS + begun.bytes / READ_MIN_BYTES_PER_MS) socket.destroy()
    }
  }, SWEEP_MS)
  timer.unref()
  return () => clearInterval(timer)
}
