/**
 * A peer that keeps to no rule, in a process of its own. Reads a plan (JSON) from standard input, writes one line of JSON
 * for each attempt, and ends.
 *
 *   { target, networkKey?, attempts: [...] }
 *
 * `target` is a multiaddr with peer id, `networkKey` the text of a swarm-key file; without it the attacker has none.
 */
import net from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'

// libp2p needs it, and Node.js 20 lacks it.
Promise.withResolvers ??= function withResolvers() {
  let resolve
  let reject
  const promise = new Promise((fulfil, fail) => {
    resolve = fulfil
    reject = fail
  })
  return { promise, resolve, reject }
}

const { gossipsub } = await import('@chainsafe/libp2p-gossipsub')
const { identify } = await import('@libp2p/identify')
const { noise } = await import('@libp2p/noise')
const { preSharedKey } = await import('@libp2p/pnet')
const { tcp } = await import('@libp2p/tcp')
const { yamux } = await import('@libp2p/yamux')
const { multiaddr } = await import('@multiformats/multiaddr')
const { createLibp2p } = await import('libp2p')

const plan = JSON.parse(await text(process.stdin))
const LIMIT_MS = 5_000

const createPeer = (services = {}) =>
  createLibp2p({
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    connectionManager: { addressDialTimeout: LIMIT_MS, dialTimeout: LIMIT_MS },
    ...(plan.networkKey === undefined
      ? {}
      : { connectionProtector: preSharedKey({ psk: new TextEncoder().encode(plan.networkKey) }) }),
    services,
  })

const within = (promise, otherwise, limitMs = LIMIT_MS) => Promise.race([promise, pause(limitMs, otherwise)])

const withPeer = async (services, use) => {
  const peer = await createPeer(services)
  try {
    const connection = await peer.dial(multiaddr(plan.target), { signal: AbortSignal.timeout(LIMIT_MS) })
    return await use(peer, connection)
  } catch (error) {
    return { outcome: 'not connected', reason: String(error.message ?? error) }
  } finally {
    await peer.stop()
  }
}

/** Opens a stream, sends bytes, and tells what came of it. */
const speak = ({ protocol, hex = '00', waitMs = 1_000 }) =>
  withPeer({}, async (_peer, connection) => {
    let stream
    try {
      stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(LIMIT_MS) })
    } catch (error) {
      return { outcome: 'refused', reason: String(error.message ?? error) }
    }
    let received = 0
    stream.addEventListener('message', ({ data }) => {
      received += data.byteLength
    })
    const closed = new Promise((resolve) => stream.addEventListener('close', () => resolve('closed')))
    if (stream.status !== 'open') return { outcome: 'reset', received }
    try {
      stream.send(Buffer.from(hex, 'hex'))
    } catch {
      return { outcome: 'reset', received }
    }
    const end = await within(closed, 'open', waitMs)
    if (received > 0) return { outcome: 'answered', received }
    return { outcome: end === 'closed' ? 'reset' : 'silent', received }
  })

/** Joins the topic as an honest gossipsub would, publishes, and listens. */
const gossip = ({ topic, messages, waitMs = 3_000 }) =>
  withPeer(
    {
      identify: identify(),
      pubsub: gossipsub({ allowPublishToZeroTopicPeers: true, floodPublish: true, fallbackToFloodsub: false }),
    },
    async (peer) => {
      let heard = 0
      let sent = 0
      peer.services.pubsub.addEventListener('message', () => {
        heard += 1
      })
      peer.services.pubsub.subscribe(topic)
      await pause(waitMs)
      for (const hex of messages) {
        const { recipients } = await peer.services.pubsub.publish(topic, Buffer.from(hex, 'hex'))
        sent += recipients.length
      }
      await pause(waitMs)
      return { outcome: heard + sent === 0 ? 'nothing' : 'reached', heard, sent }
    },
  )

/** Opens TCP connections that say nothing, or only garbage, `count` in all and `open` at a time. */
const flood = async ({ count, open, garbage = false }) => {
  const [, , host, , port] = plan.target.split('/')
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

const KINDS = { speak, gossip, flood, connect: () => withPeer({}, () => ({ outcome: 'connected' })) }

for (const attempt of plan.attempts) {
  const result = await KINDS[attempt.kind](attempt).catch((error) => ({ outcome: 'failed', reason: String(error) }))
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
process.exit(0)
