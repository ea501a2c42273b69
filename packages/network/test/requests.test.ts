import { DbClusterError, LIMITS } from '@dbcluster/protocol'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { IncomingRequest } from '../src/index.js'
import { Hosts, string, text, until } from './helpers/hosts.js'

const hosts = new Hosts()
afterEach(() => hosts.stopAll())

const ECHO = '/test/echo/1'
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe('requests', () => {
  test('are answered in both directions, also by a client without listening addresses', async () => {
    const [a, b] = await hosts.pair()
    const answer = async ({ payload, from }: IncomingRequest) => text(`a got ${string(payload)} from ${from}`)
    a.handle(ECHO, answer, { audience: 'everyone' })
    b.handle(ECHO, async ({ payload }) => text(`b got ${string(payload)}`))
    expect(string(await a.request(b.peerId, ECHO, text('x')))).toBe('b got x')
    expect(string(await b.request(a.peerId, ECHO, text('y')))).toBe(`a got y from ${b.peerId}`)

    const client = await hosts.start({ mode: 'client', listenAddresses: [] })
    client.want(a.peerId, a.multiaddrs())
    expect(string(await client.request(a.peerId, ECHO, text('z')))).toBe(`a got z from ${client.peerId}`)
    expect(client.multiaddrs()).toEqual([])
  })

  test('32 outstanding ones share one stream and one dial, and each gets its own answer', async () => {
    const a = await hosts.start()
    const client = await hosts.start({ mode: 'client' })
    let most = 0
    let running = 0
    a.handle(
      ECHO,
      async ({ payload }) => {
        most = Math.max(most, ++running)
        await later(5)
        running--
        return payload
      },
      { audience: 'everyone' },
    )
    client.want(a.peerId, a.multiaddrs())
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, index) => client.request(a.peerId, ECHO, text(`n${index}`))),
    )
    expect(answers.map(string)).toEqual(Array.from({ length: 32 }, (_, index) => `n${index}`))
    expect(most).toBe(32)
    expect(a.stats().connections).toBe(1)
  })

  test('a slow handler delays no other request (I9)', async () => {
    const [a, b] = await hosts.pair()
    let release: (() => void) | undefined
    a.handle(ECHO, async ({ payload }) => {
      if (string(payload) === 'slow') await new Promise<void>((resolve) => (release = resolve))
      return payload
    })
    const slow = b.request(a.peerId, ECHO, text('slow'))
    for (let index = 0; index < 20; index++) expect(string(await b.request(a.peerId, ECHO, text('fast')))).toBe('fast')
    expect(release).toBeDefined()
    release?.()
    expect(string(await slow)).toBe('slow')
  })

  test('payloads of several MiB pass in both directions, and an oversize one is refused before it is sent', async () => {
    const [a, b] = await hosts.pair()
    a.handle(ECHO, async ({ payload }) => payload)
    const big = new Uint8Array(8 * 1024 * 1024).map((_, index) => index * 31)
    expect(Buffer.compare(await b.request(a.peerId, ECHO, big), big)).toBe(0)
    await expect(b.request(a.peerId, ECHO, new Uint8Array(LIMITS.frameBytes))).rejects.toMatchObject({
      code: 'REQUEST_TOO_LARGE',
    })
    a.handle('/test/large/1', async () => new Uint8Array(LIMITS.frameBytes))
    await expect(b.request(a.peerId, '/test/large/1', text(''))).rejects.toMatchObject({ code: 'RESULT_TOO_LARGE' })
  })

  test('an error thrown by a handler arrives whole; what is not one of ours says nothing of the inside', async () => {
    const [a, b] = await hosts.pair()
    a.handle(ECHO, async ({ payload }) => {
      if (string(payload) === 'bug') throw new Error('secret inside')
      throw new DbClusterError('SQL_ERROR', 'no such table: t', {
        hint: 'create it',
        details: { offset: 3 },
        requestId: 'r1',
        statementIndex: 2,
      })
    })
    await expect(b.request(a.peerId, ECHO, text(''))).rejects.toMatchObject({
      name: 'DbClusterError',
      code: 'SQL_ERROR',
      message: 'no such table: t',
      hint: 'create it',
      details: { offset: 3 },
      requestId: 'r1',
      statementIndex: 2,
    })
    const bug: unknown = await b.request(a.peerId, ECHO, text('bug')).catch((error: unknown) => error)
    expect(bug).toMatchObject({ code: 'INTERNAL' })
    expect(String(bug)).not.toContain('secret')
    expect(
      a.logger.lines.some(({ level, message }) => level === 'error' && message === 'A request handler threw'),
    ).toBe(true)
  })

  test('cancelling rejects at once and aborts the signal of the other side', async () => {
    const [a, b] = await hosts.pair()
    let seen: AbortSignal | undefined
    a.handle(ECHO, async ({ signal, payload }) => {
      if (string(payload) !== 'wait') return payload
      seen = signal
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      return payload
    })
    const controller = new AbortController()
    const request = b.request(a.peerId, ECHO, text('wait'), { signal: controller.signal })
    await until(() => seen !== undefined)
    controller.abort()
    await expect(request).rejects.toMatchObject({ code: 'CANCELLED' })
    await until(() => seen?.aborted === true)
    expect(string(await b.request(a.peerId, ECHO, text('go on')))).toBe('go on')
    await expect(b.request(a.peerId, ECHO, text(''), { signal: controller.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })

  test('a request without an answer in time is TIMEOUT, and the other side hears of it', async () => {
    const [a, b] = await hosts.pair()
    let seen: AbortSignal | undefined
    a.handle(ECHO, ({ signal }) => {
      seen = signal
      return new Promise(() => undefined)
    })
    await expect(b.request(a.peerId, ECHO, text(''), { timeoutMs: 200 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    await until(() => seen?.aborted === true)
  })

  test('NODE_UNREACHABLE: nobody listens there, no address is known, the protocol is not spoken, the host is stopped', async () => {
    const [a, b] = await hosts.pair()
    const gone = await hosts.start()
    const [address] = gone.multiaddrs()
    await gone.stop()
    b.want(gone.peerId, address === undefined ? [] : [address])
    const unreachable = { code: 'NODE_UNREACHABLE' }
    await expect(b.request(gone.peerId, ECHO, text(''))).rejects.toMatchObject(unreachable)
    await expect(a.request(gone.peerId, ECHO, text(''))).rejects.toMatchObject(unreachable)
    await expect(b.request(a.peerId, '/test/unknown/1', text(''))).rejects.toMatchObject(unreachable)
    await b.stop()
    await expect(b.request(a.peerId, ECHO, text(''))).rejects.toMatchObject(unreachable)
  })

  test('more than 256 in flight are refused as OVERLOADED, and it passes', async () => {
    const [a, b] = await hosts.pair()
    let releases: (() => void)[] = []
    a.handle(ECHO, async ({ payload }) => {
      await new Promise<void>((resolve) => releases.push(resolve))
      return payload
    })
    const running = Array.from({ length: 256 }, () => b.request(a.peerId, ECHO, text('x'), { timeoutMs: 10_000 }))
    await expect(b.request(a.peerId, ECHO, text('one more'))).rejects.toMatchObject({ code: 'OVERLOADED' })
    await until(() => releases.length === 256)
    // A health check may be among them.
    expect(b.stats().requestsInFlight).toBeGreaterThanOrEqual(256)
    for (const release of releases) release()
    await Promise.all(running)
    releases = []
    const next = b.request(a.peerId, ECHO, text('next'))
    await until(() => releases.length === 1)
    releases[0]?.()
    expect(string(await next)).toBe('next')
  })

  test('the answering side bounds a peer that cancels but whose handlers go on', async () => {
    const [a, b] = await hosts.pair()
    const releases: (() => void)[] = []
    a.handle(ECHO, async ({ payload }) => {
      await new Promise<void>((resolve) => releases.push(resolve))
      return payload
    })
    const controller = new AbortController()
    const running = Array.from({ length: 256 }, () =>
      b.request(a.peerId, ECHO, text('x'), { signal: controller.signal }),
    )
    await until(() => releases.length === 256)
    controller.abort()
    await Promise.allSettled(running)
    await expect(b.request(a.peerId, ECHO, text('one more'))).rejects.toMatchObject({ code: 'OVERLOADED' })
    for (const release of releases) release()
  })

  test('members-only protocols refuse others, request by request', async () => {
    const [a, b] = await hosts.pair()
    const members = new Set<string>()
    const heard: string[] = []
    a.handle(ECHO, async ({ payload }) => payload, { allow: (peerId) => members.has(peerId) })
    a.handleMessages(ECHO, ({ payload }) => void heard.push(string(payload)), {
      allow: (peerId) => members.has(peerId),
    })
    b.notify(a.peerId, ECHO, text('before'))
    await expect(b.request(a.peerId, ECHO, text(''))).rejects.toMatchObject({ code: 'NOT_ADMITTED' })
    members.add(b.peerId)
    b.notify(a.peerId, ECHO, text('after'))
    expect(string(await b.request(a.peerId, ECHO, text('in')))).toBe('in')
    expect(heard).toEqual(['after'])
  })
})

describe('messages', () => {
  test('arrive in order, and a handler that throws does no harm', async () => {
    const [a, b] = await hosts.pair()
    const heard: number[] = []
    a.handleMessages(ECHO, () => {
      throw new Error('bad handler')
    })
    a.handleMessages(ECHO, ({ payload }) => void heard.push(Number(string(payload))))
    for (let index = 0; index < 500; index++) b.notify(a.peerId, ECHO, text(String(index)))
    await until(() => heard.length === 500)
    expect(heard).toEqual(Array.from({ length: 500 }, (_, index) => index))
  })

  test('to a peer that is not connected yet wait for the connection; to one that is away are dropped and counted', async () => {
    const a = await hosts.start()
    const client = await hosts.start({ mode: 'client' })
    const heard: string[] = []
    a.handleMessages(ECHO, ({ payload }) => void heard.push(string(payload)), { audience: 'everyone' })
    client.want(a.peerId, a.multiaddrs())
    client.notify(a.peerId, ECHO, text('first'))
    await until(() => heard.length === 1)
    await a.stop()
    await until(() => client.connectedPeers().length === 0)
    client.notify(a.peerId, ECHO, text('second'))
    await until(() => client.stats().messagesDropped === 1)
  })
})
