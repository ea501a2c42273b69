import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createGateway, type GatewayInit, type GatewayServer, serveGateway } from '../src/index.js'
import { createMemoryLogger, KEY, make, post } from './support/make.js'
import { RecordingTransport } from './support/recording-transport.js'

const QUERY = { database: 'users', sql: 'SELECT 1' }
const sockets: Socket[] = []
let server: GatewayServer | undefined

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server?.close()
  server = undefined
})

/** More than the system's own socket buffers take. */
const LARGE = 'x'.repeat(7_000_000)

/** A gateway on a socket, whose nodes give a large row to the credential `dbc_deaf_1` and a small one to others. */
const serve = async (init: GatewayInit): Promise<void> => {
  const transport = new RecordingTransport((_, { credential }) => ({
    columns: ['a'],
    rows: [[credential === 'dbc_deaf_1' ? LARGE : 'x']],
  }))
  server = await serveGateway(createGateway(init)({ transport, logger: createMemoryLogger().logger }), {
    port: 0,
    closeGraceMs: 100,
  })
}

const open = (): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server?.url ?? '').port), '127.0.0.1', () => resolve(socket))
    socket.once('error', reject)
    sockets.push(socket)
  })

const head = (key: string, length: number): string =>
  `POST /v1/database/query HTTP/1.1\r\nhost: x\r\nx-api-key: ${key}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`

const ask = async (key: string): Promise<Response> => {
  const response = await fetch(`${server?.url}/v1/database/query`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify(QUERY),
  })
  await response.arrayBuffer()
  return response
}
/** Repeats until it is so; the other side needs a moment to take in what was sent. */
const until = async (check: () => Promise<boolean>): Promise<void> => {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 20))
}

describe('a credential', () => {
  test('has so many requests under way at once; others go on, and so does it when one is done', async () => {
    const waiting: (() => void)[] = []
    const { app, transport } = make(undefined, { keyConcurrency: 2 })
    transport.answer = () =>
      new Promise((resolve) => {
        waiting.push(() => resolve({ columns: [], rows: [] }))
      })
    const running = [1, 2].map(async () => app.request('/v1/database/query', post(QUERY)))
    await until(async () => waiting.length === 2)
    const refused = await app.request('/v1/database/query', post(QUERY))
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(refused.headers.get('ratelimit-limit')).toBe('2')
    expect(await refused.json()).toMatchObject({ error: { code: 'CONCURRENCY_LIMITED' } })
    transport.answer = () => ({ columns: [], rows: [] })
    const other = post(QUERY, { 'x-api-key': 'dbc_other_key' })
    expect((await app.request('/v1/database/query', other)).status).toBe(200)
    for (const release of waiting) release()
    for (const answer of await Promise.all(running)) expect(answer.status).toBe(200)
    expect((await app.request('/v1/database/query', post(QUERY))).status).toBe(200)
  })

  test('that sends bodies without end holds no more than its share, and others are served', async () => {
    await serve({ bufferedMaxBytes: 4 * 1_000_000 })
    const answers: string[] = []
    for (const socket of await Promise.all([1, 2, 3].map(() => open()))) {
      socket.on('data', (data) => answers.push(data.toString()))
      socket.write(head('dbc_slow_1', 8_000_000) + 'x'.repeat(400_000))
    }
    await until(async () => answers.length > 0)
    expect(answers[0]).toMatch(/^HTTP\/1.1 429 [\s\S]*"code":"RATE_LIMITED"/)
    expect((await ask('dbc_other_1')).status).toBe(200)
  })

  test('that does not read its answers gets no further ones, and others are served', async () => {
    await serve({ bufferedMaxBytes: 32 * 1_000_000 })
    const deaf = await open()
    const body = JSON.stringify(QUERY)
    deaf.pause().write(head('dbc_deaf_1', body.length) + body)
    await until(async () => (await ask('dbc_deaf_1')).status === 429)
    expect((await ask('dbc_other_1')).status).toBe(200)
    deaf.destroy()
    await until(async () => (await ask('dbc_deaf_1')).status === 200)
  })
})

test('of large answers that come at once no more are kept than there is room for, and those let go say so', async () => {
  const waiting: (() => void)[] = []
  const transport = new RecordingTransport(
    () => new Promise((resolve) => void waiting.push(() => resolve({ columns: ['a'], rows: [[LARGE]] }))),
  )
  server = await serveGateway(
    createGateway({ bufferedMaxBytes: 64e6 })({ transport, logger: createMemoryLogger().logger }),
    {
      port: 0,
      closeGraceMs: 100,
    },
  )
  const body = JSON.stringify(QUERY)
  const seen: string[] = []
  for (let at = 0; at < 6; at++) {
    const socket = await open()
    // The first bytes tell; the rest stays unread.
    socket.once('data', (data) => {
      seen.push(data.toString('latin1').slice(9, 12))
      socket.pause()
    })
    socket.write(head('dbc_deaf_1', body.length) + body)
  }
  await until(async () => waiting.length === 6)
  for (const release of waiting) release()
  await until(async () => seen.length === 6)
  // One of 14 MB fits into a credential's 16 MB.
  expect(seen.sort()).toEqual(['200', '429', '429', '429', '429', '429'])
})

test('all together hold no more than the bound, and are told to come again', async () => {
  await serve({ bufferedMaxBytes: 1_000_000 })
  const slow = await Promise.all([1, 2, 3, 4].map(() => open()))
  for (const [at, socket] of slow.entries()) {
    socket.write(head(`dbc_slow_${at}`, 8_000_000) + 'x'.repeat(240_000))
  }
  const large = JSON.stringify({ ...QUERY, args: ['x'.repeat(100_000)] })
  await until(async () => {
    const response = await fetch(`${server?.url}/v1/database/query`, {
      method: 'POST',
      headers: { 'x-api-key': KEY, 'content-type': 'application/json' },
      body: large,
    })
    await response.arrayBuffer()
    return response.status === 503 && response.headers.get('retry-after') === '1'
  })
})

test.each([
  ['what is no HTTP', 'hello\r\n\r\n', 400, 'INVALID_REQUEST'],
  [
    'headers beyond the bound',
    `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
    431,
    'REQUEST_TOO_LARGE',
  ],
])('%s is answered in our shape, and the connection ended', async (_, text, status, code) => {
  await serve({})
  const socket = await open()
  const answer = new Promise<string>((resolve) => {
    let received = ''
    socket.on('data', (data) => {
      received += data.toString()
    })
    socket.on('close', () => resolve(received))
  })
  socket.write(text)
  expect(await answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*connection: close[\\s\\S]*"code":"${code}"`))
})
