import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { peerIdFromString } from '@libp2p/peer-id'
import { prefixed, pubsubMessage, rpc, subscription } from './gossip-wire.mjs'
import { proveMembership, seal } from './member.mjs'
import { withPeer } from './peer.mjs'

const GOSSIP = '/meshsub/1.2.0'
/** Messages that one identity sends before another one comes: it is shut out after a few. */
const EACH = 100
const SETTLE_MS = 300
const LATEST = 2n ** 64n - 1n

/** Bytes for the stream, for one message of the plan. */
const make = async (context, { as, hex, bytes = 0, author }) => {
  const { topic, peer, key, run, secret } = context
  const own = String(peer.peerId)
  const payload = hex === undefined ? randomBytes(bytes) : Buffer.from(hex, 'hex')
  context.counter += 1n
  const sign = (data) => key.sign(data)
  const signed = (data, from = own) =>
    pubsubMessage({ from: peerIdFromString(from).toMultihash().bytes, data, seqno: randomBytes(8), topic, sign })
  const sealed = (counter = context.counter, by = own) => seal(secret, { topic, author: by, run, counter }, payload)
  switch (as) {
    case 'noise':
      return payload
    case 'unsigned':
      return rpc([
        await pubsubMessage({ from: peer.peerId.toMultihash().bytes, data: payload, seqno: randomBytes(8), topic }),
      ])
    case 'unsealed':
      return rpc([await signed(payload)])
    case 'badly sealed':
      return rpc([await signed(Buffer.concat([sealed().subarray(0, 25), randomBytes(32), payload]))])
    case 'sealed':
      return rpc([await signed(sealed())])
    case 'from the future':
      return rpc([await signed(sealed(LATEST))])
    case 'in the name of another':
      return rpc([await signed(sealed(context.counter, author), author)])
    case 'sealed in the name of another':
      return rpc([await signed(sealed(context.counter, author))])
    case 'repeated': {
      const data = sealed()
      return rpc(await Promise.all(Array.from({ length: 5 }, () => signed(data))))
    }
    case 'unknown topic':
      return rpc([
        await pubsubMessage({
          from: peer.peerId.toMultihash().bytes,
          data: sealed(),
          seqno: randomBytes(8),
          topic: 'other',
          sign,
        }),
      ])
    case 'many topics':
      return Buffer.concat(Array.from({ length: 200 }, () => subscription(randomBytes(20).toString('hex'))))
    case 'oversized announcement':
      return Buffer.concat([Buffer.of(0xff, 0xff, 0xff, 0x7f), payload])
    default:
      return prefixed(payload)
  }
}

/** Sends the plan's messages as gossip, a hundred by each of many identities, members if there is a secret. */
export const rogue = async (plan, { topic, memberSecret, messages }) => {
  const secret = Buffer.from(memberSecret ?? '00'.repeat(32), 'hex')
  const failures = new Set()
  let sent = 0
  let shutOut = 0
  for (let at = 0; at < messages.length; at += EACH) {
    const key = await generateKeyPair('Ed25519')
    const result = await withPeer({ ...plan, privateKey: key }, { identify: identify() }, async (peer, connection) => {
      // So that the node takes it for somebody who gossips.
      await peer.handle([GOSSIP], () => undefined)
      const run = memberSecret === undefined ? randomBytes(16) : await proveMembership(peer, connection, secret)
      const stream = await connection.newStream(GOSSIP)
      const context = { topic, peer, key, run, secret, counter: 0n }
      stream.send(subscription(topic))
      if (at === 0) await pause(SETTLE_MS * 5)
      for (const message of messages.slice(at, at + EACH)) {
        try {
          stream.send(await make(context, message))
        } catch {
          break // reset meanwhile
        }
        sent += 1
      }
      await pause(SETTLE_MS)
      if (connection.status !== 'open' || stream.status !== 'open') shutOut += 1
      return { outcome: 'done' }
    })
    if (result.outcome !== 'done') failures.add(result.reason)
  }
  return { outcome: 'done', sent, closedByNode: shutOut, reason: [...failures].join('; ') }
}
