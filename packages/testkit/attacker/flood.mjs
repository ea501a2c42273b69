import net from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** Opens TCP connections that say nothing, or only garbage, `count` in all and `open` at a time. */
export const flood = async (target, { count, open, garbage = false }) => {
  const [, , host, , port] = target.split('/')
  const sockets = new Set()
  /** Settled sockets, oldest first: one that has not connected yet is not given up in favour of another. */
  const settle = (socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
  const settled = new Map()
  let connected = 0
  let failed = 0
  let closedByNode = 0
  for (let index = 0; index < count; index += 1) {
    const socket = net.connect({ host, port: Number(port) })
    sockets.add(socket)
    settled.set(socket, settle(socket))
    socket.once('connect', () => {
      connected += 1
      if (garbage) socket.write(Buffer.alloc(64, index))
    })
    socket.on('data', () => undefined)
    socket.once('error', () => {
      failed += 1
    })
    socket.once('close', () => {
      if (sockets.delete(socket)) closedByNode += 1
      settled.delete(socket)
    })
    while (sockets.size >= open) {
      const [oldest] = sockets
      await settled.get(oldest)
      if (!sockets.delete(oldest)) continue
      oldest.destroy()
    }
    if (index % 50 === 0) await pause(1)
  }
  await pause(100)
  for (const socket of sockets) {
    sockets.delete(socket)
    socket.destroy()
  }
  return { outcome: 'done', connected, failed, closedByNode }
}
