import { createServer } from 'node:net'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { createNetwork, generateIdentity } from '../src/index.js'
import {
  createTestLogger,
  Hosts,
  MEMBER_KEY,
  NETWORK_KEY,
  string,
  type TestHost,
  text,
  until,
} from './helpers/hosts.js'
import { ChildNodes } from './helpers/processes.js'

const hosts = new Hosts()
const children = new ChildNodes()
afterEach(async () => {
  await Promise.all([hosts.stopAll(), children.killAll()])
})

// Processes take their time to start on a busy machine.
jest.setTimeout(60_000)

const ECHO = '/test/echo/1'
const tcpOf = (host: { multiaddrs(): readonly string[] }): string =>
  host.multiaddrs()[0]?.replace(/\/p2p\/.*/, '') ?? ''

describe('connections', () => {
  test('the peer id is known before the start; start and stop may be repeated', async () => {
    const identity = await generateIdentity()
    const host = hosts.create({ privateKey: identity })
    expect(host.peerId).toMatch(/^12D3KooW/)
    expect(host.multiaddrs()).toEqual([])
    await Promise.all([host.start(), host.start()])
    expect(host.multiaddrs()[0]).toMatch(new RegExp(`^/ip4/127.0.0.1/tcp/\\d+/p2p/${host.peerId}$`))
    await Promise.all([host.stop(), host.stop()])
    await host.start()
    expect(host.multiaddrs()).not.toEqual([])
  })

  test('a wanted peer that comes back at another address is found there, and told of', async () => {
    const identity = await generateIdentity()
    const a = await hosts.start()
    const first = await hosts.start({ privateKey: identity })
    const events: string[] = []
    a.onPeerConnected((peerId) => events.push(`+${peerId}`))
    a.onPeerDisconnected((peerId) => events.push(`-${peerId}`))
    a.want(first.peerId, first.multiaddrs())
    await until(() => events.length === 1)
    await first.stop()
    await until(() => events.length === 2)
    const second = await hosts.start({ privateKey: identity })
    second.handle(ECHO, async ({ payload }) => payload)
    a.want(second.peerId, second.multiaddrs())
    await until(() => events.length === 3)
    expect(events).toEqual([`+${first.peerId}`, `-${first.peerId}`, `+${first.peerId}`])
    expect(string(await a.request(second.peerId, ECHO, text('again')))).toBe('again')
  })

  test('a wanted peer that starts late, or restarts on its port, is connected without being told', async () => {
    const identity = await generateIdentity()
    const late = await hosts.start({ privateKey: identity })
    const listenAddresses = [tcpOf(late)]
    const bootstrapPeers = late.multiaddrs()
    await late.stop()
    const a = await hosts.start({ bootstrapPeers })
    await until(() => a.logger.lines.some(({ message }) => message === 'Dialling a peer failed'))
    const back = await hosts.start({ privateKey: identity, listenAddresses })
    await until(() => a.connectedPeers().includes(back.peerId))
    await back.stop()
    await until(() => a.connectedPeers().length === 0)
    await back.start()
    await until(() => a.connectedPeers().includes(back.peerId))
    a.unwant(back.peerId)
    expect(a.knownAddresses(back.peerId)).toContain(listenAddresses[0])
  })

  test('a peer that is no longer wanted is not dialled again', async () => {
    const [a, b] = [await hosts.start({ mode: 'client' }), await hosts.start()]
    a.want(b.peerId, b.multiaddrs())
    const address = tcpOf(b)
    await until(() => a.connectedPeers().length === 1)
    a.unwant(b.peerId)
    await b.stop()
    await until(() => a.connectedPeers().length === 0)
    await b.start()
    a.logger.lines.length = 0
    await new Promise((resolve) => setTimeout(resolve, 700))
    expect(a.connectedPeers()).toEqual([])
    expect(a.logger.lines).toEqual([])
    // Its address is still known, should somebody ask it something.
    expect(a.knownAddresses(b.peerId)).toEqual([address])
  })

  test('nodes find each other through a common peer, and new addresses of a wanted one too', async () => {
    const identity = await generateIdentity()
    const hub = await hosts.start({ discoveryIntervalMs: 300 })
    const bootstrapPeers = hub.multiaddrs()
    const a = await hosts.start({ bootstrapPeers, discoveryIntervalMs: 300 })
    const b = await hosts.start({ bootstrapPeers, discoveryIntervalMs: 300, privateKey: identity })
    await until(() => a.connectedPeers().includes(b.peerId))
    a.want(b.peerId, [])
    await b.stop()
    await until(() => !a.connectedPeers().includes(b.peerId))
    const moved = await hosts.start({ bootstrapPeers, discoveryIntervalMs: 300, privateKey: identity })
    await until(() => a.connectedPeers().includes(moved.peerId))
  })

  test('more than maxConnections are refused and counted; a wanted peer still has its place', async () => {
    const full = await hosts.start({ maxConnections: 3 })
    full.handle(ECHO, async ({ payload }) => payload, { audience: 'everyone' })
    const member = await hosts.start()
    full.want(member.peerId, [])
    const clients = await Promise.all(Array.from({ length: 5 }, () => hosts.start({ mode: 'client' })))
    const outcomes = await Promise.allSettled(
      clients.map((client) => {
        client.want(full.peerId, full.multiaddrs())
        return client.request(full.peerId, ECHO, text('x'))
      }),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    expect(full.stats().connections).toBe(2)
    expect(full.stats().connectionsRefused).toBeGreaterThanOrEqual(3)
    member.want(full.peerId, full.multiaddrs())
    expect(string(await member.request(full.peerId, ECHO, text('member')))).toBe('member')
  })

  test('a port that is taken is LISTEN_FAILED naming the address, and a later start may work', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const address = `/ip4/127.0.0.1/tcp/${port}`
    const host = hosts.create({ listenAddresses: [address] })
    await expect(host.start()).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      message: expect.stringMatching(new RegExp(`${address}.*EADDRINUSE`)),
    })
    await new Promise((resolve) => server.close(resolve))
    await host.start()
    expect(tcpOf(host)).toBe(address)
  })

  test('another network key is refused, and told once', async () => {
    const a = await hosts.start()
    const stranger = await hosts.start({ mode: 'client', networkKey: new Uint8Array(32).fill(8) })
    stranger.want(a.peerId, a.multiaddrs())
    for (let index = 0; index < 3; index++) {
      await expect(stranger.request(a.peerId, ECHO, text(''))).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
    }
    const told = (host: TestHost) =>
      host.logger.lines.filter(({ message }) => message === 'Network key mismatch suspected')
    expect(told(a)).toHaveLength(1)
    expect(told(stranger)).toHaveLength(1)
    expect(a.connectedPeers()).toEqual([])
  })

  test.each([
    ['a network key of 31 bytes', { networkKey: new Uint8Array(31) }, 'KEY_INVALID'],
    ['an accepted network key of 31 bytes', { acceptedNetworkKeys: [new Uint8Array(31)] }, 'KEY_INVALID'],
    ['a node without member key', { memberKeys: [] }, 'KEY_INVALID'],
    ['a member key of 31 bytes', { memberKeys: [MEMBER_KEY, new Uint8Array(31)] }, 'KEY_INVALID'],
    ['a broken identity', { privateKey: new Uint8Array(3) }, 'KEY_INVALID'],
    ['a listening address that is none', { listenAddresses: ['127.0.0.1:4001'] }, 'CONFIG_INVALID'],
    ['a bootstrap peer without an id', { bootstrapPeers: ['/ip4/127.0.0.1/tcp/4001'] }, 'CONFIG_INVALID'],
    ['maxConnections 0', { maxConnections: 0 }, 'CONFIG_INVALID'],
  ])('%s is refused', (_name, fault, code) => {
    const keys = { networkKey: NETWORK_KEY, memberKeys: [MEMBER_KEY] }
    const init = { mode: 'node', ...keys, listenAddresses: [], bootstrapPeers: [], ...fault } as const
    expect(() => createNetwork(init)({ logger: createTestLogger() })).toThrow(expect.objectContaining({ code }))
  })
})

describe('processes', () => {
  test('kill -9 of a peer: what was sent is OUTCOME_UNKNOWN, later requests NODE_UNREACHABLE, a restart is found', async () => {
    const identity = Buffer.from(await generateIdentity()).toString('hex')
    const child = await children.start('/ip4/127.0.0.1/tcp/0', identity)
    const a = await hosts.start({ bootstrapPeers: child.multiaddrs })
    expect(string(await a.request(child.peerId, ECHO, text('up')))).toBe('up')
    const hanging = a.request(child.peerId, ECHO, text('hang'))
    hanging.catch(() => undefined)
    expect(string(await a.request(child.peerId, ECHO, text('sent after it')))).toBe('sent after it')
    child.process.kill('SIGKILL')
    await expect(hanging).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    await expect(a.request(child.peerId, ECHO, text(''))).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
    const again = await children.start(tcpOf({ multiaddrs: () => child.multiaddrs }), identity)
    expect(again.peerId).toBe(child.peerId)
    await until(() => a.connectedPeers().includes(child.peerId))
    expect(string(await a.request(child.peerId, ECHO, text('back')))).toBe('back')
  })

  test('a frozen peer becomes suspect, then unhealthy, and healthy again when it goes on', async () => {
    const child = await children.start()
    const a = await hosts.start({ bootstrapPeers: child.multiaddrs, healthCheckIntervalMs: 300 })
    const states: string[] = []
    await until(() => a.health(child.peerId).state === 'healthy')
    a.onHealthChanged((peerId, { state }) => peerId === child.peerId && states.push(state))
    expect(a.health(child.peerId).lastSeenAt).toBeInstanceOf(Date)
    expect(a.health(child.peerId).lastSeenMs).toBeGreaterThan(0)
    await a.request(child.peerId, ECHO, text('opens the stream'))
    child.process.kill('SIGSTOP')
    const hanging = a.request(child.peerId, ECHO, text('x'))
    hanging.catch(() => undefined)
    await until(() => a.health(child.peerId).state === 'unhealthy')
    expect(a.health(child.peerId).missed).toBeGreaterThanOrEqual(3)
    // The connection looked open all the time; it is given up together with what was sent on it.
    await expect(hanging).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    child.process.kill('SIGCONT')
    await until(() => a.health(child.peerId).state === 'healthy')
    expect(states).toEqual(['suspect', 'unhealthy', 'healthy'])
  })
})

describe('health', () => {
  test('nodes check each other, wanted or not; applications are not checked', async () => {
    const [a, b] = await hosts.pair({ healthCheckIntervalMs: 200 })
    const client = await hosts.start({ mode: 'client', healthCheckIntervalMs: 200 })
    client.want(a.peerId, a.multiaddrs())
    await until(() => a.health(b.peerId).state === 'healthy' && b.health(a.peerId).state === 'healthy')
    await until(() => client.health(a.peerId).state === 'healthy' && a.stats().connections === 2)
    expect(a.connectedPeers()).toEqual([b.peerId])
    expect(a.health(client.peerId)).toEqual({
      state: 'suspect',
      missed: 0,
      lastSeenMs: undefined,
      lastSeenAt: undefined,
    })
    expect(a.health(a.peerId).state).toBe('healthy')
  })

  test('a closed connection makes a peer suspect at once, three checks make it unhealthy', async () => {
    const [a, b] = await hosts.pair({ healthCheckIntervalMs: 400 })
    await until(() => a.health(b.peerId).state === 'healthy')
    const states: string[] = []
    a.onHealthChanged((peerId, { state, missed }) => peerId === b.peerId && states.push(`${state} ${missed}`))
    await b.stop()
    await until(() => states.length === 1)
    expect(states).toEqual(['suspect 0'])
    await until(() => states.length === 2)
    expect(states).toEqual(['suspect 0', 'unhealthy 3'])
  })
})
