import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { BOUNDS } from '../src/bounds.js'
import { formatSwarmKey, generateIdentity, generateNetworkKey, parseSwarmKey, peerIdOf } from '../src/index.js'
import { Listeners } from '../src/listeners.js'
import { AddressBook, parsePeerAddress } from '../src/peers/address-book.js'
import { redialDelayMs } from '../src/peers/backoff.js'
import {
  checkTimeoutMs,
  type HealthEvent,
  type HealthRecord,
  judgeUnanswered,
  nextHealth,
} from '../src/peers/health.js'
import { Redialer } from '../src/peers/redialer.js'
import { createTestLogger, until } from './helpers/hosts.js'

describe('health', () => {
  const record = (state: HealthRecord['state'], missed: number): HealthRecord => ({ state, missed })
  const table: [HealthRecord, HealthEvent, HealthRecord][] = [
    [record('healthy', 0), 'answered', record('healthy', 0)],
    [record('healthy', 0), 'missed', record('suspect', 1)],
    [record('healthy', 0), 'disconnected', record('suspect', 0)],
    [record('suspect', 0), 'answered', record('healthy', 0)],
    [record('suspect', 0), 'missed', record('suspect', 1)],
    [record('suspect', 0), 'disconnected', record('suspect', 0)],
    [record('suspect', 1), 'missed', record('suspect', 2)],
    [record('suspect', 1), 'disconnected', record('suspect', 1)],
    [record('suspect', 2), 'answered', record('healthy', 0)],
    [record('suspect', 2), 'missed', record('unhealthy', 3)],
    [record('unhealthy', 3), 'answered', record('healthy', 0)],
    [record('unhealthy', 3), 'missed', record('unhealthy', 4)],
    [record('unhealthy', 3), 'disconnected', record('unhealthy', 3)],
  ]
  test.each(table)('%j and %s make %j', (before, event, after) => {
    expect(nextHealth(before, event)).toEqual(after)
  })

  test('only three misses in a row make a peer unhealthy, whatever happens else', () => {
    const event = fc.constantFrom<HealthEvent>('answered', 'missed', 'disconnected')
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        let current = record('suspect', 0)
        for (const one of events) current = nextHealth(current, one)
        const since = events.slice(events.lastIndexOf('answered') + 1)
        const missed = since.filter((one) => one === 'missed').length
        expect(current.missed).toBe(missed)
        expect(current.state === 'unhealthy').toBe(missed >= 3)
      }),
    )
  })

  test.each([
    ['it came in the meantime', { timeoutMs: 5_000, tookMs: 5_010, heardMeanwhile: true }, 'answered'],
    ['nothing came', { timeoutMs: 5_000, tookMs: 5_010, heardMeanwhile: false }, 'missed'],
    ['the connection broke', { timeoutMs: 5_000, tookMs: 3, heardMeanwhile: false }, 'missed'],
    ['this process stood still', { timeoutMs: 5_000, tookMs: 9_000, heardMeanwhile: false }, undefined],
  ])('an unanswered check: %s', (_name, check, verdict) => {
    expect(judgeUnanswered(check)).toBe(verdict)
  })

  test('a check takes no longer than the interval, nor than 5 s', () => {
    expect([200, 10_000].map(checkTimeoutMs)).toEqual([200, 5_000])
  })
})

test('redial delays double up to their bound and keep their upper half', () => {
  expect([0, 1, 2, 10, 1_000].map((failures) => redialDelayMs(failures, 0))).toEqual([125, 250, 500, 5_000, 5_000])
  expect([0, 1, 2, 10].map((failures) => redialDelayMs(failures, 0.999_999))).toEqual([250, 500, 1_000, 10_000])
})

test('a wanted peer is looked up after three failed dials, and dialled where it was found', async () => {
  const calls: string[] = []
  let found = false
  let connected = false
  const redialer = new Redialer({
    logger: createTestLogger(),
    isConnected: () => connected,
    dial: async () => {
      calls.push('dial')
      if (!found) throw new Error('nobody there')
      connected = true
    },
    lookUp: async () => {
      calls.push('lookUp')
      found = true
    },
  })
  redialer.want('peer')
  expect(calls).toEqual([])
  redialer.start()
  await until(() => connected)
  redialer.stop()
  expect(calls).toEqual(['dial', 'dial', 'dial', 'lookUp', 'dial'])
})

describe('swarm key', () => {
  test('survives its file format', () => {
    const key = generateNetworkKey()
    expect(parseSwarmKey(formatSwarmKey(key))).toEqual(key)
    expect(parseSwarmKey(formatSwarmKey(key).replaceAll('\n', '\r\n'))).toEqual(key)
    expect(formatSwarmKey(new Uint8Array(32))).toBe(`/key/swarm/psk/1.0.0/\n/base16/\n${'0'.repeat(64)}\n`)
  })

  test.each([
    ['empty', ''],
    ['another header', `/key/swarm/psk/2.0.0/\n/base16/\n${'0'.repeat(64)}`],
    ['another encoding', `/key/swarm/psk/1.0.0/\n/base64/\n${'0'.repeat(64)}`],
    ['too short', `/key/swarm/psk/1.0.0/\n/base16/\n${'0'.repeat(63)}`],
    ['not hexadecimal', `/key/swarm/psk/1.0.0/\n/base16/\n${'g'.repeat(64)}`],
    ['more lines', `/key/swarm/psk/1.0.0/\n/base16/\n${'0'.repeat(64)}\nmore`],
  ])('%s is KEY_INVALID, without telling the key', (_name, content) => {
    expect(() => parseSwarmKey(content)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }))
    expect(() => parseSwarmKey(content)).not.toThrow(/0{20}/)
  })
})

test('an identity has one peer id; garbage has none', async () => {
  const identity = await generateIdentity()
  expect(peerIdOf(identity)).toMatch(/^12D3KooW/)
  expect(peerIdOf(identity)).toBe(peerIdOf(identity.slice()))
  expect(() => peerIdOf(new Uint8Array(10))).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }))
})

describe('address book', () => {
  test('keeps what is wanted and forgets the oldest learned and the oldest unwanted', () => {
    const book = new AddressBook()
    book.want('wanted', ['/ip4/10.0.0.1/tcp/1'])
    for (let index = 0; index < 40; index++) book.learn('wanted', [`/ip4/10.0.1.${index}/tcp/1`])
    expect(book.of('wanted')).toHaveLength(BOUNDS.addressesPerPeer + 1)
    expect(book.of('wanted').slice(0, 2)).toEqual(['/ip4/10.0.0.1/tcp/1', '/ip4/10.0.1.39/tcp/1'])
    for (let index = 0; index < BOUNDS.knownPeers + 10; index++) book.learn(`peer${index}`, ['/ip4/10.0.0.2/tcp/1'])
    expect(book.of('wanted')).not.toEqual([])
    expect(book.of('peer0')).toEqual([])
    expect(book.of(`peer${BOUNDS.knownPeers + 9}`)).toHaveLength(1)
  })

  test.each(['', 'nonsense', '/ip4/127.0.0.1/tcp/4001', '/ip4/127.0.0.1/tcp/4001/p2p/...'])(
    '"%s" is no address of a peer',
    (address) => {
      expect(() => parsePeerAddress(address)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
    },
  )
})

test('a listener that throws is logged and keeps no event from the others', () => {
  const logger = createTestLogger()
  const listeners = new Listeners<[number]>(logger)
  const heard: number[] = []
  listeners.add(() => {
    throw new Error('bad listener')
  })
  const remove = listeners.add((value) => void heard.push(value))
  listeners.emit(1)
  remove()
  listeners.emit(2)
  expect(heard).toEqual([1])
  expect(logger.lines).toHaveLength(2)
})
