import { createServer } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createNetPortProbe, createPortAllocator, type PortAllocatorComponents } from '../src/index.js'

const always: PortAllocatorComponents = {
  probeHttp: async () => true,
  probeRaft: async () => true,
  random: () => 0.5,
  nowMs: () => 0,
}
const ranges = (size: number) => ({ http: { start: 5001, end: 5000 + size }, raft: { start: 7001, end: 7000 + size } })

describe('port allocator', () => {
  test('never gives one port to two owners, and exhaustion comes exactly when nothing is left', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.tuple(fc.constantFrom('lease', 'release', 'confirm', 'rest'), fc.integer({ min: 0, max: 9 })), {
          maxLength: 60,
        }),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        async (size, steps, chance) => {
          const random = (): number => chance.next().value
          const ports = createPortAllocator(ranges(size))({ ...always, random })
          const held = new Map<string, { httpPort: number; raftPort: number }>()
          for (const [step, who] of steps) {
            const owner = `owner-${who}`
            if (step === 'lease') {
              const lease = await ports.lease(owner).catch((error: { code: string }) => error.code)
              if (typeof lease === 'string') {
                expect(lease).toBe('PORTS_EXHAUSTED')
                expect(held.size).toBe(size)
              } else held.set(owner, lease)
            } else if (step === 'confirm' && held.has(owner)) ports.confirm(owner)
            else if (step === 'release' || step === 'rest') {
              ports[step](owner)
              held.delete(owner)
            }
            const used = [...held.values()].flatMap((pair) => [pair.httpPort, pair.raftPort])
            expect(new Set(used).size).toBe(used.length)
            expect(ports.free()).toBe(size - held.size)
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  test('leases asked for at once get different ports', async () => {
    const ports = createPortAllocator(ranges(20))(always)
    const leases = await Promise.all(Array.from({ length: 20 }, (_, at) => ports.lease(`owner-${at}`)))
    expect(new Set(leases.map((lease) => lease.httpPort)).size).toBe(20)
    expect(new Set(leases.map((lease) => lease.raftPort)).size).toBe(20)
  })

  test('a lease that nobody confirms ends, a confirmed one stays', async () => {
    let nowMs = 0
    const ports = createPortAllocator({ ...ranges(2), leaseMs: 100 })({ ...always, nowMs: () => nowMs })
    await ports.lease('loser')
    await ports.lease('winner')
    ports.confirm('winner', 'myapp_users')
    nowMs = 100
    expect(ports.of('loser')).toBeUndefined()
    expect(ports.of('myapp_users')).toBeDefined()
    expect(ports.free()).toBe(1)
    expect(() => ports.confirm('loser')).toThrow(/ended before it was confirmed/)
  })

  test('the home of a sleeper goes to others last, and back to it first', async () => {
    const ports = createPortAllocator(ranges(2))(always)
    const home = await ports.lease('sleeper')
    ports.rest('sleeper')
    const other = await ports.lease('other')
    expect(other.httpPort).not.toBe(home.httpPort)
    expect(await ports.lease('sleeper')).toMatchObject({ httpPort: home.httpPort, raftPort: home.raftPort })
  })

  test('a port that another program holds is passed over, and the error counts it', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      const probe = createNetPortProbe('127.0.0.1')
      expect(await probe(port)).toBe(false)
      const ports = createPortAllocator({ http: { start: port, end: port }, raft: { start: 7001, end: 7001 } })({
        ...always,
        probeHttp: probe,
      })
      await expect(ports.lease('owner')).rejects.toMatchObject({
        code: 'PORTS_EXHAUSTED',
        message: expect.stringContaining('1 by other programs'),
      })
      expect(ports.free()).toBe(1)
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })

  test('two replicas that claim one port are told', () => {
    const ports = createPortAllocator(ranges(4))(always)
    ports.reserve('a', { httpPort: 5001, raftPort: 7001 })
    expect(() => ports.reserve('b', { httpPort: 5001, raftPort: 7002 })).toThrow(/held by a/)
  })

  test('an owner that reserves another pair gives its former one back', async () => {
    const ports = createPortAllocator(ranges(2))(always)
    const former = await ports.lease('a')
    const other = { httpPort: former.httpPort === 5001 ? 5002 : 5001, raftPort: former.raftPort === 7001 ? 7002 : 7001 }
    ports.reserve('a', other)
    expect(ports.free()).toBe(1)
    expect(await ports.lease('b')).toMatchObject({ httpPort: former.httpPort, raftPort: former.raftPort })
  })

  test('a lease that ended stands in nobody’s way', async () => {
    let nowMs = 0
    const ports = createPortAllocator({ ...ranges(1), leaseMs: 100 })({ ...always, nowMs: () => nowMs })
    const lost = await ports.lease('loser')
    nowMs = 100
    expect(ports.reserve('a', lost)).toMatchObject({ owner: 'a', httpPort: lost.httpPort })
  })
})
