import { afterEach, describe, expect, test } from '@jest/globals'
import type { Connection, Libp2p } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { encodeFrame, FRAME, type Frame } from '../src/frames/frame.js'
import { FrameDecoder } from '../src/frames/frame-decoder.js'
import { privateNetwork } from '../src/pnet/private-network.js'
import { Hosts, NETWORK_KEY, string, type TestHost, text, until } from './helpers/hosts.js'

const hosts = new Hosts()
const raw: Libp2p[] = []
afterEach(async () => {
  await Promise.all([hosts.stopAll(), ...raw.splice(0).map((peer) => peer.stop())])
})

const ECHO = '/test/echo/1'
const bytes = (frame: Frame): Uint8Array => new Uint8Array(Buffer.concat(encodeFrame(frame)))

/** A peer with the network key that keeps to no rule of ours. */
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

/** A node that echoes, and a well-behaved client of it. */
const startServed = async () => {
  const node = await hosts.start()
  node.handle(ECHO, async ({ payload }) => payload, { audience: 'everyone' })
  const client = await hosts.start({ mode: 'client' })
  client.want(node.peerId, node.multiaddrs())
  const works = async (): Promise<void> => {
    expect(string(await client.request(node.peerId, ECHO, text('ok')))).toBe('ok')
  }
  await works()
  return { node, works }
}

describe('a peer that breaks the framing is disconnected, and nobody else', () => {
  test.each([
    ['an oversize frame', new Uint8Array([255, 255, 255, 255, FRAME.request, 0, 0, 0, 1])],
    ['an unknown type', new Uint8Array([0, 0, 0, 0, 99, 0, 0, 0, 1])],
    ['an answer where only requests may come', bytes({ type: FRAME.answer, id: 1, payload: text('x') })],
    ['garbage', new Uint8Array(1_000).fill(0xaa)],
  ])('%s', async (_name, data) => {
    const { node, works } = await startServed()
    const connection = await connectTo(await startRaw(), node)
    const stream = await connection.newStream(ECHO)
    stream.send(data)
    await until(() => connection.status !== 'open')
    expect(node.stats().framingViolations).toBe(1)
    expect(node.stats().connections).toBe(1)
    await works()
  })

  test('a request where only answers may come', async () => {
    const node = await hosts.start({ mode: 'client' })
    const peer = await startRaw()
    await peer.handle(ECHO, (stream) => {
      stream.addEventListener('message', () => stream.send(bytes({ type: FRAME.request, id: 1, payload: text('') })))
    })
    node.want(peer.peerId.toString(), peer.getMultiaddrs().map(String))
    await expect(node.request(peer.peerId.toString(), ECHO, text('x'))).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
    })
    expect(node.stats().framingViolations).toBe(1)
  })

  test('two requests with one id', async () => {
    const { node, works } = await startServed()
    node.handle('/test/hang/1', () => new Promise(() => undefined), { audience: 'everyone' })
    const connection = await connectTo(await startRaw(), node)
    const stream = await connection.newStream('/test/hang/1')
    const request = bytes({ type: FRAME.request, id: 5, payload: text('x') })
    stream.send(request)
    stream.send(request)
    await until(() => connection.status !== 'open')
    await works()
  })
})

test('streams over the limit are reset, the others and other peers go on', async () => {
  const { node, works } = await startServed()
  const connection = await connectTo(await startRaw(), node)
  const streams = await Promise.all(Array.from({ length: 10 }, () => connection.newStream(ECHO)))
  await until(() => streams.filter(({ status }) => status === 'open').length <= 4)
  const open = streams.find(({ status }) => status === 'open')
  const decoder = new FrameDecoder(1_000)
  const answers: Frame[] = []
  open?.addEventListener('message', ({ data }) => answers.push(...decoder.push(data.subarray())))
  open?.send(bytes({ type: FRAME.request, id: 1, payload: text('still') }))
  await until(() => answers.length === 1)
  expect(answers.map(({ payload }) => string(payload))).toEqual(['still'])
  await works()
})

test('an answer that was cut off by the end of the stream is OUTCOME_UNKNOWN, though the end looks clean', async () => {
  const node = await hosts.start({ mode: 'client' })
  const peer = await startRaw()
  await peer.handle(ECHO, (stream) => {
    stream.addEventListener('message', () => {
      stream.send(bytes({ type: FRAME.answer, id: 1, payload: text('long') }).subarray(0, 11))
      stream.close().catch(() => undefined)
    })
  })
  node.want(peer.peerId.toString(), peer.getMultiaddrs().map(String))
  await expect(node.request(peer.peerId.toString(), ECHO, text('x'))).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
})

test('a peer that asks faster than handlers finish is not read beyond 32 MiB, and then again', async () => {
  const node = await hosts.start()
  const releases: (() => void)[] = []
  node.handle(
    ECHO,
    async () => {
      await new Promise<void>((resolve) => releases.push(resolve))
      return text('done')
    },
    { audience: 'everyone' },
  )
  const client = await hosts.start({ mode: 'client' })
  client.want(node.peerId, node.multiaddrs())
  const payload = new Uint8Array(4 * 1024 * 1024)
  const requests = Array.from({ length: 13 }, (_, index) => index).map(async (index) => {
    // Not all at once: the asker's own queue is bounded too.
    await until(() => releases.length >= Math.min(index, 9) - 4)
    return await client.request(node.peerId, ECHO, payload)
  })
  await until(() => releases.length === 9)
  // The 9th brought it over the bound. What may still arrive is one window; time is the only witness of nothing.
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(releases).toHaveLength(9)
  // Meanwhile the asker's queue fills up to its own bound of 64 MiB; what was never sent can be taken back.
  const controller = new AbortController()
  const surplus: Promise<unknown>[] = []
  for (let index = 0; index < 20; index++) {
    const request = client.request(node.peerId, ECHO, payload, { signal: controller.signal })
    surplus.push(request.catch((error: unknown) => (error as { code: string }).code))
    await new Promise((resolve) => setImmediate(resolve))
  }
  controller.abort()
  const outcomes = await Promise.all(surplus)
  expect(new Set(outcomes)).toEqual(new Set(['CANCELLED', 'OVERLOADED']))
  expect(outcomes.filter((code) => code === 'CANCELLED').length).toBeGreaterThanOrEqual(10)
  for (let index = 0; index < 13; index++) {
    await until(() => releases.length > index)
    releases[index]?.()
  }
  expect((await Promise.all(requests)).map(string)).toEqual(Array.from({ length: 13 }, () => 'done'))
  const last = client.request(node.peerId, ECHO, text('in order, so nothing came between'))
  await until(() => releases.length > 13)
  releases.at(-1)?.()
  await last
  expect(releases).toHaveLength(14)
})
