import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import { RefusalPace } from '../src/guards/refusal-pace.js'
import { type GatewayServer, serveGateway } from '../src/index.js'
import { KEY, make } from './support/make.js'

let server: GatewayServer | undefined
let socket: Socket | undefined
afterEach(async () => {
  socket?.destroy()
  await server?.close()
})

const BODY = '{"database":"users","sql":"SELECT 1"}'
const REQUEST = `POST /v1/database/query HTTP/1.1\r\nhost: x\r\nx-api-key: ${KEY}\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`

/** Sends a text and tells all that comes back until the connection ends, or so many answers came. */
const exchange = async (text: string, answers = Number.POSITIVE_INFINITY): Promise<string> => {
  let received = ''
  return new Promise((resolve) => {
    const opened = connect(Number(new URL(server?.url ?? '').port), '127.0.0.1', () => opened.write(text))
    socket = opened
    opened.on('error', () => undefined)
    opened.on('close', () => resolve(received))
    opened.on('data', (data) => {
      received += data.toString('latin1')
      if (received.split('HTTP/1.1 ').length > answers) resolve(received)
    })
  })
}

test('refusals come at once, until they come too often; then no more than so many a second, whatever is asked', () => {
  let nowMs = 1_000
  const pace = new RefusalPace(() => nowMs)
  const delays = Array.from({ length: 250 }, () => pace.next('flood').delayMs)
  expect(delays.slice(0, 51)).toEqual(Array(51).fill(0))
  expect(delays.at(-1)).toBe(995)
  expect(pace.next('other').delayMs).toBe(0)
  nowMs += 2_000
  expect(pace.next('flood').delayMs).toBe(0)
})

test('a refusal is put off for a bounded time and ends its connection then; the flood is forgotten soon after', () => {
  let nowMs = 1_000
  const pace = new RefusalPace(() => nowMs)
  const last = Array.from({ length: 20_000 }, () => pace.next('flood')).at(-1)
  expect(last).toEqual({ delayMs: 10_000, endsConnection: true })
  nowMs += 10_500
  expect(pace.next('flood')).toEqual({ delayMs: 0, endsConnection: false })
})

test('thousands of long texts in place of a credential are not kept', () => {
  const pace = new RefusalPace(() => 0)
  const before = process.memoryUsage().heapUsed
  for (let at = 0; at < 10_000; at += 1) pace.next(Buffer.alloc(16_000, `${at},`).toString('latin1'))
  // They are 160 MB; what has not been cleaned up yet counts too.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(80 * 1024 * 1024)
  expect(pace.next('other').delayMs).toBe(0)
})

test('a connection that asks far ahead of its answers is ended; a few requests ahead are answered in turn', async () => {
  const made = make(async () => {
    // As nodes do, it answers when others had their turn.
    await new Promise((resolve) => setImmediate(resolve))
    return { columns: ['a'], rows: [[1]] }
  })
  server = await serveGateway(made.app, { port: 0 })
  const answers = await exchange(REQUEST.repeat(20), 20)
  expect(answers.split('HTTP/1.1 200')).toHaveLength(21)
  const called = made.transport.calls.length
  expect(await exchange(REQUEST.repeat(2_000))).not.toContain('HTTP/1.1 200')
  // What was sent ahead did not reach the nodes, but for what came before it was too much.
  expect(made.transport.calls.length - called).toBeLessThanOrEqual(32)
})
