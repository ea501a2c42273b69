import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { FRAME } from '../src/frames/frame.js'
import { BoundedDatastore } from '../src/host/bounded-datastore.js'
import { FrameLengths } from '../src/host/frame-lengths.js'
import { GuestMemory } from '../src/requests/guest-memory.js'
import { createTestLogger, Hosts, string, text, until } from './helpers/hosts.js'
import { type ChildNode, ChildNodes } from './helpers/processes.js'
import { type RawPeer, startRawPeer } from './helpers/raw-peer.js'

const MIB = 1024 * 1024
const ECHO = '/test/echo/1'
const hosts = new Hosts()
const children = new ChildNodes()
const raw: RawPeer[] = []
afterEach(async () => {
  await Promise.allSettled([hosts.stopAll(), children.killAll(), ...raw.splice(0).map((peer) => peer.stop())])
})

const startRaw = async (): Promise<RawPeer> => {
  const peer = await startRawPeer()
  raw.push(peer)
  return peer
}

/** Header of a yamux frame (https://github.com/hashicorp/yamux/blob/master/spec.md). */
const muxerFrame = (type: number, flags: number, stream: number, length: number): Uint8Array => {
  const frame = new Uint8Array(12)
  const view = new DataView(frame.buffer)
  view.setUint8(1, type)
  view.setUint16(2, flags)
  view.setUint32(4, stream)
  view.setUint32(8, length)
  return frame
}
const [DATA, PING, SYN] = [0, 2, 1]

describe('the bound for guests', () => {
  const setUp = (held: Readonly<Record<string, number>>, maxBytes: number) => {
    const cut: string[] = []
    const memory = new GuestMemory({
      logger: createTestLogger(),
      maxBytes,
      disconnect: (peerId) => cut.push(peerId),
    })
    for (const [peerId, bytes] of Object.entries(held)) memory.enter({ peerId, heldBytes: () => bytes })
    return { memory, cut }
  }

  test('disconnects those with the largest part, until the rest fits', () => {
    const { memory, cut } = setUp({ small: 10, large: 70, larger: 80, medium: 30 }, 100)
    memory.passed(100)
    expect([cut, memory.disconnected]).toEqual([['larger', 'large'], 2])
  })

  test('disconnects nobody while it is kept, and does not count those who left', () => {
    const { memory, cut } = setUp({ a: 50, b: 50 }, 100)
    memory.enter({ peerId: 'c', heldBytes: () => 1_000 })()
    memory.passed(100)
    expect(cut).toEqual([])
  })
})

test('of peers that libp2p notes, the longest unchanged are forgotten', async () => {
  type Key = Parameters<BoundedDatastore['put']>[0]
  const key = (name: string): Key => ({ toString: () => name }) as Key
  const store = new BoundedDatastore(2)
  for (const name of ['a', 'b', 'a', 'c']) await store.put(key(name), text(name))
  expect([store.has(key('a')), store.has(key('b')), store.has(key('c')), store.size]).toEqual([true, false, true, 2])
  await store.delete(key('a'))
  expect(store.size).toBe(1)
})

test('frames of a connection are followed however they are cut, and one above the bound is seen at its header', () => {
  const frame = fc.record({ type: fc.nat({ max: 3 }), length: fc.nat({ max: 60 }) })
  const frames = fc.array(frame, { maxLength: 10 })
  const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 })
  fc.assert(
    fc.property(frames, cuts, (list, sizes) => {
      const bytes = Buffer.concat(
        list.flatMap(({ type, length }) => [
          muxerFrame(type, 0, 1, length),
          new Uint8Array(type === DATA ? length : 0).fill(0xff),
        ]),
      )
      const lengths = new FrameLengths(50)
      let isIn = true
      for (let at = 0, turn = 0; isIn && at < bytes.length; turn++) {
        const end = at + (sizes[turn % sizes.length] ?? 1)
        isIn = lengths.accepts(bytes.subarray(at, end))
        at = end
      }
      expect(isIn).toBe(list.every(({ type, length }) => type !== DATA || length <= 50))
    }),
  )
})

describe('a guest is disconnected', () => {
  test('when it announces a frame that no window allows, before its bytes come', async () => {
    const node = await hosts.start()
    const peer = await startRaw()
    const connection = await peer.connect(node.multiaddrs())
    peer.underStreams().send(muxerFrame(DATA, SYN, 1_001, 1024 * MIB))
    await until(() => connection.status !== 'open')
  })

  test('when it asks for answers of the muxer that it does not read', async () => {
    const node = await hosts.start()
    const peer = await startRaw()
    const connection = await peer.connect(node.multiaddrs())
    const under = peer.underStreams()
    under.pause()
    const pings = new Uint8Array(Buffer.concat(Array.from({ length: 5_000 }, () => muxerFrame(PING, SYN, 0, 7))))
    while (connection.status === 'open' && under.status === 'open') {
      if (under.writableNeedsDrain) await pause(5)
      else under.send(pings)
    }
    expect(node.stats().connections).toBe(0)
  }, 60_000)
})

/** On a busy machine one doesn't get to send all; many together do. */
const ATTACK_MS = 5_000

/** Resident, in MiB. */
const residentMiB = ({ process: { pid } }: ChildNode): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

test('guests that never finish their frames do not fill a node, and a modest one is served', async () => {
  const bound = 32
  const node = await children.start('/ip4/127.0.0.1/tcp/0', '', String(bound * MIB))
  const honest = await hosts.start({ mode: 'client' })
  honest.want(node.peerId, node.multiaddrs)
  const works = async (): Promise<void> => {
    expect(string(await honest.request(node.peerId, ECHO, text('ok')))).toBe('ok')
  }
  await works()
  const before = residentMiB(node)
  let most = before
  let sent = 0
  let cut = 0
  const gone = (): void => void cut++
  const chunk = new Uint8Array(256 * 1024)
  const attack = async (): Promise<void> => {
    const connection = await (await startRaw()).connect(node.multiaddrs)
    connection.addEventListener('close', gone)
    const stream = await connection.newStream(ECHO)
    // 12 MiB of the 23 that are announced.
    const header = new Uint8Array(9)
    new DataView(header.buffer).setUint32(0, 23 * MIB)
    header[4] = FRAME.request
    stream.send(header)
    const deadlineMs = performance.now() + ATTACK_MS
    for (let part = 0; part < 48 && stream.status === 'open' && performance.now() < deadlineMs; part++) {
      sent += chunk.length
      stream.send(chunk)
      while (stream.status === 'open' && stream.writeBufferLength > MIB && performance.now() < deadlineMs)
        await pause(2)
      most = Math.max(most, residentMiB(node))
    }
  }
  for (let round = 0; round < 6; round++) {
    await Promise.all(Array.from({ length: 4 }, attack))
    await works()
  }
  process.stdout.write(
    `${(sent / MIB).toFixed(0)} MiB of unfinished frames, bound ${bound} MiB: resident ${before.toFixed(0)} MiB before, at most ${most.toFixed(0)}; ${cut} guests disconnected\n`,
  )
  expect(cut).toBeGreaterThan(5)
  expect(most - before).toBeLessThan(5 * bound)
}, 120_000)
