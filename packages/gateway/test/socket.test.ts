import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type GatewayServer, serveGateway } from '../src/index.js'
import { KEY, type Made, make, post } from './support/make.js'

let server: GatewayServer | undefined
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server?.close()
  server = undefined
})

const serve = async (made: Made): Promise<string> => {
  server = await serveGateway(made.app, { port: 0 })
  return server.url
}

const open = async (url: string): Promise<Socket> => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

const HEAD = `POST /v1/database/exec HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEY}\r\nContent-Type: application/json\r\n`

/** Everything that arrives until the other side ends. */
const readAll = async (socket: Socket): Promise<string> => {
  let text = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    text += chunk
  })
  if (!socket.closed) await once(socket, 'close')
  return text
}

describe('over a real socket', () => {
  test('a request is answered', async () => {
    const made = make(() => ({ rowsAffected: 1, lastInsertId: 1 }))
    const response = await fetch(`${await serve(made)}/v1/database/exec`, post({ database: 'users', sql: 'x' }))
    expect([response.status, await response.text()]).toEqual([200, '{"rows_affected":1,"last_insert_id":1}'])
  })

  test('a body that announces to be too large is refused before it is sent', async () => {
    const made = make(undefined, { bodyMaxBytes: 1_000 })
    const socket = await open(await serve(made))
    socket.write(`${HEAD}Content-Length: 5000000000\r\n\r\n`)
    const answer = await readAll(socket)
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toContain('"code":"REQUEST_TOO_LARGE"')
    expect(made.transport.calls).toEqual([])
  })

  test('a body without a length is cut off at the bound, however long it goes on', async () => {
    const made = make(undefined, { bodyMaxBytes: 1_000 })
    const socket = await open(await serve(made))
    socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`)
    const chunk = `200\r\n${'x'.repeat(0x200)}\r\n`
    let sent = 0
    const pump = setInterval(() => {
      sent += chunk.length
      if (socket.writable) socket.write(chunk)
    }, 2)
    const answer = await readAll(socket).finally(() => clearInterval(pump))
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(sent).toBeLessThan(1_000_000)
    expect(made.transport.calls).toEqual([])
  })

  test('a client that goes away in the middle of its body disturbs nobody', async () => {
    const made = make(() => ({ rowsAffected: 1, lastInsertId: 1 }))
    const url = await serve(made)
    const socket = await open(url)
    socket.write(`${HEAD}Content-Length: 100\r\n\r\n{"database"`)
    socket.destroy()
    const response = await fetch(`${url}/v1/database/exec`, post({ database: 'users', sql: 'x' }))
    expect(response.status).toBe(200)
    expect(made.transport.calls).toHaveLength(1)
  })

  test('a client that goes away while it waits has its call aborted', async () => {
    let aborted: (() => void) | undefined
    const seen = new Promise<void>((resolve) => {
      aborted = resolve
    })
    let called: (() => void) | undefined
    const asked = new Promise<void>((resolve) => {
      called = resolve
    })
    const made = make((_operation, { signal }) => {
      signal?.addEventListener('abort', () => aborted?.())
      called?.()
      return new Promise(() => undefined)
    })
    const url = await serve(made)
    const leaving = new AbortController()
    const request = fetch(`${url}/v1/database/exec`, {
      ...post({ database: 'users', sql: 'x' }),
      signal: leaving.signal,
    })
    await asked
    leaving.abort()
    await expect(request).rejects.toThrow()
    await seen
  })

  test('closing lets what is under way finish, takes nothing new, and does not wait for idle connections', async () => {
    let finish: ((value: unknown) => void) | undefined
    let called: (() => void) | undefined
    const asked = new Promise<void>((resolve) => {
      called = resolve
    })
    const made = make(() => {
      called?.()
      return new Promise((resolve) => {
        finish = resolve
      })
    })
    const url = await serve(made)
    const idle = await open(url)
    const idleClosed = once(idle, 'close')
    const request = fetch(`${url}/v1/database/exec`, post({ database: 'users', sql: 'x' }))
    await asked
    const closed = server?.close()
    await idleClosed
    await expect(fetch(`${url}/healthz`)).rejects.toThrow()
    finish?.({ rowsAffected: 1, lastInsertId: 1 })
    const response = await request
    expect([response.status, response.headers.get('connection')]).toEqual([200, 'close'])
    await closed
  })

  test('a port that is taken is an error that says so', async () => {
    const url = await serve(make())
    await expect(serveGateway(make().app, { port: Number(new URL(url).port) })).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
    })
  })
})
