import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Libp2p, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { preSharedKey } from '@libp2p/pnet'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { xsalsa20 } from '@noble/ciphers/salsa.js'
import fc from 'fast-check'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { formatSwarmKey } from '../src/index.js'
import { Keystream } from '../src/pnet/keystream.js'
import { type PrivateNetworkInit, privateNetwork } from '../src/pnet/private-network.js'
import { until } from './helpers/hosts.js'

const key = new Uint8Array(randomBytes(32))
const otherKey = new Uint8Array(randomBytes(32))

describe('keystream', () => {
  test('is XSalsa20 at every position, however the bytes are chunked', () => {
    const nonce = new Uint8Array(randomBytes(24))
    const size = fc.oneof(
      fc.nat({ max: 200 }),
      fc.nat({ max: 20_000 }),
      fc.constantFrom(0, 63, 64, 65, 4_095, 4_096, 4_097),
    )
    fc.assert(
      fc.property(fc.array(size, { maxLength: 12 }), fc.nat({ max: 3 }), (sizes, offset) => {
        const data = new Uint8Array(randomBytes(sizes.reduce((sum, one) => sum + one, 0) + offset)).subarray(offset)
        const original = data.slice()
        const keystream = new Keystream(key, nonce)
        let at = 0
        const parts = sizes.map((one) => {
          at += one
          return keystream.apply(data.subarray(at - one, at))
        })
        expect(Buffer.compare(Buffer.concat(parts), xsalsa20(key, nonce, original))).toBe(0)
        expect(Buffer.compare(data, original)).toBe(0)
      }),
      { numRuns: 150 },
    )
  })

  test('ends before it would repeat itself', () => {
    const nonce = new Uint8Array(24)
    const nearEnd = new Keystream(key, nonce, 2 ** 32 - 1 - 128)
    expect(() => nearEnd.apply(new Uint8Array(128 * 64))).not.toThrow()
    expect(() => nearEnd.apply(new Uint8Array(1))).toThrow(/used up/)
  })
})

const ECHO = '/test/echo/1'
const running: Libp2p[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(async (host) => host.stop()))
})

type Protector = Libp2pOptions['connectionProtector']
const ours = (psk: Uint8Array, init: Partial<PrivateNetworkInit> = {}): Protector =>
  privateNetwork({ keys: [psk], ...init })
const stock = (psk: Uint8Array): Protector => preSharedKey({ psk: new TextEncoder().encode(formatSwarmKey(psk)) })

const start = async (connectionProtector: Protector): Promise<Libp2p> => {
  const host = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: 1 << 20, maxReadBufferLength: 4 << 20 } })],
    connectionManager: { inboundConnectionThreshold: 1_000, maxIncomingPendingConnections: 1_000 },
    connectionMonitor: { enabled: false },
    ...(connectionProtector === undefined ? {} : { connectionProtector }),
  })
  running.push(host)
  await host.handle(ECHO, (stream) => {
    stream.addEventListener('message', ({ data }) => {
      if (!stream.send(data)) queueMicrotask(() => stream.status === 'open' && stream.pause())
    })
    stream.addEventListener('drain', () => stream.readStatus === 'paused' && stream.resume())
  })
  return host
}

/** Sends bytes and waits until as many came back. */
const echo = async (stream: Stream, data: Uint8Array): Promise<Buffer> => {
  const parts: Uint8Array[] = []
  let length = 0
  const done = new Promise<void>((resolve, reject) => {
    stream.addEventListener('close', () => reject(new Error('closed early')))
    stream.addEventListener('message', ({ data: chunk }) => {
      parts.push(chunk.subarray())
      length += chunk.byteLength
      if (length >= data.length) resolve()
    })
  })
  stream.send(data)
  await done
  return Buffer.concat(parts)
}

const connect = (from: Libp2p, to: Libp2p) => from.dial(to.getMultiaddrs(), { signal: AbortSignal.timeout(8_000) })

describe('private network', () => {
  test.each([
    ['ours dials ours', ours, ours],
    ['ours dials the stock implementation', ours, stock],
    ['the stock implementation dials ours', stock, ours],
  ])('%s', async (_name, dialer, listener) => {
    const [a, b] = [await start(dialer(key)), await start(listener(key))]
    const stream = await (await connect(a, b)).newStream(ECHO)
    for (const size of [1, 63, 64, 65, 1_000, 100_000]) {
      const data = randomBytes(size)
      const one = size === 1 ? stream : await (await connect(a, b)).newStream(ECHO)
      expect(Buffer.compare(await echo(one, data), data)).toBe(0)
    }
  })

  test('moves large chunks over many connections at once', async () => {
    const server = await start(ours(key))
    const clients = await Promise.all(Array.from({ length: 8 }, () => start(ours(key))))
    const data = randomBytes(3 * 1024 * 1024)
    const connections = await Promise.all(clients.map((client) => connect(client, server)))
    const streams = await Promise.all(connections.map((connection) => connection.newStream(ECHO)))
    for (const back of await Promise.all(streams.map((stream) => echo(stream, data))))
      expect(Buffer.compare(back, data)).toBe(0)
  })

  test.each([
    ['ours, from ours', ours, ours],
    ['ours, from the stock implementation', stock, ours],
    ['the stock implementation, from ours', ours, stock],
    ['a listener without a key', ours, () => undefined],
    ['a dialer without a key', () => undefined, ours],
  ])('another key is refused within seconds: %s', async (_name, dialer, listener) => {
    const [a, b] = [await start(dialer(key)), await start(listener(otherKey))]
    const startedMs = performance.now()
    await expect(connect(a, b)).rejects.toThrow()
    expect(performance.now() - startedMs).toBeLessThan(7_000)
    expect(a.getConnections()).toHaveLength(0)
    await until(() => b.getConnections().length === 0)
  })

  test('another key is told as a suspicion by both sides, at once', async () => {
    const told: string[] = []
    const a = await start(ours(key, { onMismatch: () => void told.push('dialer') }))
    const b = await start(ours(otherKey, { onMismatch: () => void told.push('listener') }))
    const startedMs = performance.now()
    await expect(connect(a, b)).rejects.toThrow()
    expect(performance.now() - startedMs).toBeLessThan(2_500)
    await until(() => told.includes('listener') && told.includes('dialer'))
  })
})
