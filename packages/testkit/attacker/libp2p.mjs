import { setTimeout as pause } from 'node:timers/promises'
import { identify } from '@libp2p/identify'
import { createPeer, dial, honestGossip, LIMIT_MS, withPeer } from './peer.mjs'

const ANSWER_MAX_BYTES = 64 * 1024
const FRAME_HEADER_BYTES = 9

/** Whether the bytes hold a whole frame of our requests and answers: its length comes first. */
const holdsFrame = (bytes) =>
  bytes.length >= FRAME_HEADER_BYTES && bytes.length >= FRAME_HEADER_BYTES + bytes.readUInt32BE(0)

/** Opens a stream, sends bytes, and tells what came of it. */
const speakOver = async (connection, { protocol, hex = '00', waitMs = 1_000, framed = false }) => {
  let stream
  try {
    stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(LIMIT_MS) })
  } catch (error) {
    return { outcome: 'refused', reason: String(error.message ?? error) }
  }
  let answer = Buffer.alloc(0)
  const ended = Promise.withResolvers()
  stream.addEventListener('message', ({ data }) => {
    answer = Buffer.concat([answer, data.subarray()])
    if (framed && holdsFrame(answer)) ended.resolve('open')
  })
  stream.addEventListener('close', () => ended.resolve('closed'))
  if (stream.status !== 'open') return { outcome: 'reset', received: 0 }
  try {
    stream.send(Buffer.from(hex, 'hex'))
  } catch {
    return { outcome: 'reset', received: answer.length }
  }
  const end = await Promise.race([ended.promise, pause(waitMs, 'open')])
  await stream.close({ signal: AbortSignal.timeout(LIMIT_MS) }).catch(() => undefined)
  const shown = { received: answer.length, answer: answer.subarray(0, ANSWER_MAX_BYTES).toString('hex') }
  if (answer.length > 0) return { outcome: 'answered', ...shown }
  return { outcome: end === 'closed' ? 'reset' : 'silent', ...shown }
}

/** Makes `speak`; attempts that share a peer follow each other on one connection, the others have a new one each. */
const createSpeak = (plan) => {
  let turn = Promise.resolve()
  let shared
  const inTurn = async (attempt) => {
    if (shared === undefined || shared.connection.status !== 'open') {
      await shared?.peer.stop()
      const peer = await createPeer(plan)
      shared = { peer, connection: { status: 'closed' } }
      shared.connection = await dial(peer, plan)
    }
    return await speakOver(shared.connection, attempt)
  }
  const notConnected = (error) => ({ outcome: 'not connected', reason: String(error.message ?? error) })
  return (attempt) => {
    if (attempt.shared !== true) return withPeer(plan, {}, (_peer, connection) => speakOver(connection, attempt))
    const result = turn.then(() => inTurn(attempt)).catch(notConnected)
    turn = result.then(() => undefined)
    return result
  }
}

/** Joins the topic as an honest gossipsub would, publishes, and listens. */
const gossip = (plan, { topic, messages, waitMs = 3_000 }) =>
  withPeer(plan, honestGossip(), async (peer) => {
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
  })

/** Which protocols the target says that it speaks. */
const protocols = (plan) =>
  withPeer(plan, { identify: identify() }, async (peer, connection) => {
    const deadline = performance.now() + LIMIT_MS
    while (performance.now() < deadline) {
      const told = (await peer.peerStore.get(connection.remotePeer)).protocols
      // The protocol by which it tells is known first, and alone.
      if (told.length > 1) return { outcome: 'connected', protocols: told }
      await pause(20)
    }
    return { outcome: 'silent' }
  })

/** What can be tried over libp2p. */
export const createLibp2pKinds = (plan) => ({
  connect: () => withPeer(plan, {}, () => ({ outcome: 'connected' })),
  speak: createSpeak(plan),
  gossip: (attempt) => gossip(plan, attempt),
  protocols: () => protocols(plan),
})
