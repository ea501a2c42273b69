import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type Client, createClient, createClientOver, createHttpTransport } from '../src/index.js'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

const servers: Server[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
})

/** A server that answers each request by the next handler, the last one for all that follow. */
const serve = async (
  ...handlers: readonly Handler[]
): Promise<{ url: string; seen: IncomingMessage[]; server: Server }> => {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    seen.push(request)
    const handler = handlers[Math.min(seen.length, handlers.length) - 1]
    request.resume()
    request.on('end', () => handler?.(request, response))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, server }
}

const answer =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Handler =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }

const cut: Handler = (request) => request.socket.destroy()
const opened = answer(200, { created: false, cluster_id: 'ab', meta: {} })
const rows = answer(200, { columns: [], rows: [], count: 0, meta: { served_by: 'p', duration_ms: 1 } })
const written = answer(200, { rows_affected: 1, last_insert_id: 1, meta: {} })
const page = (status: number): Handler => answer(status, '<html>', { 'content-type': 'text/html' })

const clientOf = (url: string): Client => createClient({ url, apiKey: 'dbc_k1_secret' })
const databaseOf = async (url: string) => clientOf(url).database('users')

describe('the HTTP transport', () => {
  test('sends what the gateway needs, under a prefix too', async () => {
    const { url, seen } = await serve(opened)
    await clientOf(`${url}/prefix/`).database('users')
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/prefix/v1/database/open',
      headers: {
        accept: 'application/vnd.dbcluster+json',
        'content-type': 'application/json',
        authorization: 'Bearer dbc_k1_secret',
        'x-request-id': expect.stringMatching(/^[0-9a-f]{32}$/),
        'x-timeout-ms': expect.stringMatching(/^\d+$/),
      },
    })
  })

  test('a connection that breaks: a read is asked again, a write is of unknown outcome', async () => {
    const { url, seen } = await serve(opened, cut, rows, cut, written)
    const db = await databaseOf(url)
    expect((await db.query('S')).meta.attempts).toBe(2)
    await expect(db.execute('I')).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      hint: expect.stringMatching(/applied/),
    })
    expect(seen).toHaveLength(4)
  })

  test('a gateway that is not there is certainly unreachable, for a write too', async () => {
    const { url, server } = await serve(opened)
    const db = await createClientOver(createHttpTransport({ url, random: () => 0 })).database('users')
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await expect(db.query('S')).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
    await expect(db.execute('I')).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
    await expect(clientOf(url).connect()).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
  })

  test('a 503 is tried again after the wait it names, unless that is too long', async () => {
    const busy = answer(503, { error: { code: 'OVERLOADED', message: 'busy' } }, { 'retry-after': '1' })
    const { url, seen } = await serve(opened, busy, written)
    const db = await databaseOf(url)
    const startedAt = performance.now()
    expect((await db.execute('I')).meta.attempts).toBe(2)
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990)
    const later = await serve(opened, busy)
    const impatient = await databaseOf(later.url)
    await expect(impatient.execute('I', [], { timeoutMs: 900 })).rejects.toMatchObject({ code: 'OVERLOADED' })
    expect([seen.length, later.seen.length]).toEqual([3, 2])
  })

  test.each([
    ['a page of a proxy', page(502), 'NODE_UNREACHABLE', 'OUTCOME_UNKNOWN'],
    ['a page of another server', page(404), 'INTERNAL', 'INTERNAL'],
    ['a page with 200', page(200), 'INTERNAL', 'INTERNAL'],
    ['cut JSON', answer(200, '{"rows":['), 'INTERNAL', 'INTERNAL'],
    ['an error of another shape', answer(400, { message: 'no' }), 'INTERNAL', 'INTERNAL'],
  ])('%s is no answer', async (_name, handler, read, write) => {
    const { url } = await serve(opened, handler)
    const db = await createClientOver(createHttpTransport({ url, random: () => 0 })).database('users')
    await expect(db.query('S')).rejects.toMatchObject({ code: read })
    await expect(db.execute('I')).rejects.toMatchObject({ code: write })
  })

  test('an error of the gateway keeps the request id of its header', async () => {
    const refused = answer(403, { error: { code: 'FORBIDDEN', message: 'no' } }, { 'x-request-id': 'r-9' })
    const { url } = await serve(refused)
    await expect(databaseOf(url)).rejects.toMatchObject({ code: 'FORBIDDEN', requestId: 'r-9', status: 403 })
  })

  test('an error of the network does not show the credential', async () => {
    const { url } = await serve(cut)
    const error = await clientOf(url)
      .databases.delete('users')
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('secret')
  })

  test('connecting asks whether the gateway is ready', async () => {
    const { url, seen } = await serve(
      answer(200, { status: 'ready' }),
      answer(503, { status: 'unavailable', reason: 'no node' }),
    )
    const client = clientOf(url)
    await client.connect()
    expect(seen[0]?.url).toBe('/readyz')
    await expect(client.connect()).rejects.toMatchObject({
      code: 'NODE_UNREACHABLE',
      message: expect.stringContaining('503'),
    })
  })

  test('closing ends what is under way, and later calls', async () => {
    let arrived: (() => void) | undefined
    const asked = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const { url } = await serve(opened, () => arrived?.())
    const client = clientOf(url)
    const db = await client.database('users')
    const call = db.query('S').catch((thrown: unknown) => thrown)
    await asked
    await client.close()
    expect(await call).toMatchObject({ code: 'CANCELLED' })
    await expect(db.query('S')).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

describe('making a client', () => {
  const libp2p = { app: 'myapp', bootstrapPeers: ['/ip4/127.0.0.1/tcp/1/p2p/x'], networkKey: 'k', token: 't' }
  test.each<[string, unknown, string]>([
    ['no credential', { url: 'http://x' }, 'CONFIG_INVALID'],
    ['two credentials', { url: 'http://x', apiKey: 'a', token: 'b' }, 'CONFIG_INVALID'],
    ['a credential with a line break', { url: 'http://x', apiKey: 'a\nb' }, 'CONFIG_INVALID'],
    ['no url', { url: 'gateway:8080', apiKey: 'a' }, 'CONFIG_INVALID'],
    ['another scheme', { url: 'ftp://x', apiKey: 'a' }, 'CONFIG_INVALID'],
    ['a url with a query', { url: 'http://x/?a=1', apiKey: 'a' }, 'CONFIG_INVALID'],
    ['neither url nor peers', { apiKey: 'a' }, 'CONFIG_INVALID'],
    ['no peer', { ...libp2p, bootstrapPeers: [] }, 'CONFIG_INVALID'],
    ['an app with an underscore', { ...libp2p, app: 'my_app' }, 'INVALID_NAME'],
  ])('%s is refused', (_name, init, code) => {
    expect(() => createClient(init as never)).toThrow(expect.objectContaining({ code }))
  })

  test('a network key that is none shows at the first use', async () => {
    await expect(createClient(libp2p).connect()).rejects.toMatchObject({ code: 'KEY_INVALID' })
  })
})
