import { afterEach, describe, expect, test } from '@jest/globals'
import type { Connection, Libp2p } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { lpStream } from '@libp2p/utils'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { ADMISSION_PROTOCOL } from '../src/index.js'
import { privateNetwork } from '../src/pnet/private-network.js'
import { Hosts, MEMBER_KEY, NETWORK_KEY, string, type TestHost, text, until } from './helpers/hosts.js'

const hosts = new Hosts()
const raw: Libp2p[] = []
afterEach(async () => {
  await Promise.all([hosts.stopAll(), ...raw.splice(0).map((peer) => peer.stop())])
})

const ECHO = '/test/echo/1'
const TOPIC = '/test/topic/1'
const OTHER_KEY = new Uint8Array(32).fill(10)

/** Holds the network key and nothing else. */
const startRaw = async (): Promise<Libp2p> => {
  const peer = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionProtector: privateNetwork({ keys: [NETWORK_KEY] }),
    connectionMonitor: { enabled: false },
  })
  raw.push(peer)
  return peer
}

const connectTo = (peer: Libp2p, host: TestHost): Promise<Connection> =>
  peer.dial(host.multiaddrs().map((one) => multiaddr(one)))

/** Tries one protocol; true when the stream was left open and answered or silent for a while. */
const isServed = async (connection: Connection, protocol: string): Promise<boolean> => {
  const stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined)
  if (stream === undefined) return false
  const gone = new Promise<boolean>((resolve) => stream.addEventListener('close', () => resolve(false)))
  if (stream.status !== 'open') return false
  const stays = new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 1_000))
  return await Promise.race([gone, stays])
}

describe('a peer with the network key but without the cluster key', () => {
  test.each(['/dbcluster/kad/1.0.0', '/meshsub/1.0.0', '/meshsub/1.1.0', '/meshsub/1.2.0', '/test/members/1'])(
    'is not served on %s, which is counted',
    async (protocol) => {
      const node = await hosts.start()
      node.handle('/test/members/1', async () => text('secret'))
      node.subscribe(TOPIC, () => undefined)
      expect(await isServed(await connectTo(await startRaw(), node), protocol)).toBe(false)
      expect(node.stats()).toMatchObject({ streamsRefused: 1, connections: 1 })
    },
  )

  test('is served where everyone is, is no member, and is told of to nobody', async () => {
    const node = await hosts.start()
    const connected: string[] = []
    node.onPeerConnected((peerId) => connected.push(peerId))
    node.handle(ECHO, async ({ payload }) => payload, { audience: 'everyone' })
    const client = await hosts.start({ mode: 'client' })
    client.want(node.peerId, node.multiaddrs())
    expect(string(await client.request(node.peerId, ECHO, text('hello')))).toBe('hello')
    expect([node.connectedPeers(), connected]).toEqual([[], []])
  })

  test('is shut out when it goes on, may not come back at once, and does not shut out others', async () => {
    const node = await hosts.start()
    node.handle(ECHO, async ({ payload }) => payload, { audience: 'everyone' })
    node.handle('/test/members/1', async () => text('secret'))
    const peer = await startRaw()
    const connection = await connectTo(peer, node)
    for (let index = 0; index < 8; index++) await connection.newStream('/test/members/1').catch(() => undefined)
    await until(() => connection.status !== 'open')
    expect(node.stats()).toMatchObject({ peersShutOut: 1, streamsRefused: 8 })
    await expect(
      connectTo(peer, node).then(async (again) => {
        await until(() => again.status !== 'open', 2_000)
        throw new Error('closed again')
      }),
    ).rejects.toThrow()
    const client = await hosts.start({ mode: 'client' })
    client.want(node.peerId, node.multiaddrs())
    expect(string(await client.request(node.peerId, ECHO, text('ok')))).toBe('ok')
  })

  test.each([
    ['random proofs', [32, 16 + 96]],
    ['no proofs', [32, 16]],
    ['a short nonce', [3]],
    ['an oversize message', [200_000]],
  ])('proves nothing with %s: it is disconnected and counted', async (_name, sizes) => {
    const node = await hosts.start()
    const connection = await connectTo(await startRaw(), node)
    const messages = lpStream(await connection.newStream(ADMISSION_PROTOCOL))
    for (const [index, size] of sizes.entries()) {
      await messages.write(crypto.getRandomValues(new Uint8Array(Math.min(size, 65_536))))
      if (index === 0 && size === 32) await messages.read()
    }
    await until(() => connection.status !== 'open')
    expect(node.connectedPeers()).toEqual([])
  })
})

describe('nodes with different cluster keys', () => {
  test('are no members for each other; the log and a counter say so', async () => {
    const a = await hosts.start()
    const b = await hosts.start({ memberKeys: [OTHER_KEY], bootstrapPeers: a.multiaddrs() })
    await until(() => a.stats().admissionsRefused > 0)
    expect([a.connectedPeers(), b.connectedPeers()]).toEqual([[], []])
    await expect(b.request(a.peerId, ECHO, text('x'))).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
  })

  test.each([
    ['one prepared', [MEMBER_KEY], [MEMBER_KEY, OTHER_KEY]],
    ['one switched', [MEMBER_KEY, OTHER_KEY], [OTHER_KEY, MEMBER_KEY]],
    ['one finished', [OTHER_KEY, MEMBER_KEY], [OTHER_KEY]],
  ])('work together while the key is exchanged: %s', async (_name, first, second) => {
    const a = await hosts.start({ memberKeys: first })
    const b = await hosts.start({ memberKeys: second, bootstrapPeers: a.multiaddrs() })
    a.handle(ECHO, async ({ payload }) => payload)
    expect(string(await b.request(a.peerId, ECHO, text('x')))).toBe('x')
    const heard = new Set<string>()
    for (const node of [a, b]) node.subscribe(TOPIC, ({ from }) => heard.add(from))
    await until(() => {
      for (const node of [a, b]) node.publish(TOPIC, text('x')).catch(() => undefined)
      return heard.size === 2
    })
  })
})

test('a network key is exchanged while old and new dialers come', async () => {
  const old = NETWORK_KEY
  const coming = new Uint8Array(32).fill(8)
  for (const [own, accepted] of [
    [old, coming],
    [coming, old],
  ] as const) {
    const node = await hosts.start({ networkKey: own, acceptedNetworkKeys: [accepted] })
    node.handle(ECHO, async ({ payload }) => payload, { audience: 'everyone' })
    for (const networkKey of [old, coming]) {
      const client = await hosts.start({ mode: 'client', networkKey })
      client.want(node.peerId, node.multiaddrs())
      expect(string(await client.request(node.peerId, ECHO, text('x')))).toBe('x')
    }
    const stranger = await hosts.start({ mode: 'client', networkKey: new Uint8Array(32).fill(11) })
    stranger.want(node.peerId, node.multiaddrs())
    await expect(stranger.request(node.peerId, ECHO, text('x'))).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
  }
})

test.each([
  ['one prepared', [7], [7, 8]],
  ['one switched', [7, 8], [8, 7]],
  ['one finished', [8, 7], [8]],
])('nodes stay members for each other while the network key is exchanged: %s', async (_name, first, second) => {
  for (const [dialled, dialling] of [
    [first, second],
    [second, first],
  ]) {
    const keysOf = ([own = 0, ...accepted]: readonly number[] = []) => ({
      networkKey: new Uint8Array(32).fill(own),
      acceptedNetworkKeys: accepted.map((byte) => new Uint8Array(32).fill(byte)),
    })
    const a = await hosts.start(keysOf(dialled))
    const b = await hosts.start({ ...keysOf(dialling), bootstrapPeers: a.multiaddrs() })
    await until(() => a.connectedPeers().includes(b.peerId) && b.connectedPeers().includes(a.peerId))
    a.handle(ECHO, async ({ payload }) => payload)
    expect(string(await b.request(a.peerId, ECHO, text('x')))).toBe('x')
  }
})
