import { LIMITS } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { toMemberKey } from '../src/admission/member-keys.js'
import { Authors } from '../src/gossip/authors.js'
import { ENVELOPE_BYTES, openEnvelope, sealEnvelope } from '../src/gossip/envelope.js'
import { ReplayWindow } from '../src/gossip/replay-window.js'
import { Penalties } from '../src/peers/penalties.js'

const keys = [toMemberKey(new Uint8Array(32).fill(1))] as const
const context = { topic: 'dbcluster/metadata/1', author: '12D3KooWAuthor' }
const run = new Uint8Array(16).fill(3)
const payload = new TextEncoder().encode('payload')
const seal = (counter = 1n): Uint8Array => sealEnvelope(keys, context, { run, counter, payload })

describe('an envelope', () => {
  test('opens to what was put in', () => {
    expect(openEnvelope(keys, context, seal(7n))).toEqual({
      kind: 'opened',
      envelope: { run, counter: 7n, payload },
    })
  })

  test('does not open with a bit changed anywhere', () => {
    const sealed = seal()
    for (let index = 0; index < sealed.length * 8; index++) {
      const forged = sealed.slice()
      forged[index >> 3] = (forged[index >> 3] ?? 0) ^ (1 << (index & 7))
      expect([index, openEnvelope(keys, context, forged).kind]).not.toEqual([index, 'opened'])
    }
  })

  test('is bound to its author, topic and key', () => {
    for (const [other, use] of [
      [{ ...context, author: '12D3KooWOther' }, keys],
      [{ ...context, topic: 'dbcluster/other/1' }, keys],
      // The same characters, divided in another way.
      [{ topic: `${context.topic}1`, author: context.author.slice(1) }, keys],
      [context, [toMemberKey(new Uint8Array(32).fill(2))] as const],
    ] as const) {
      expect(openEnvelope(use, other, seal()).kind).toBe('bad')
    }
  })

  test('of a later layout is told from a bad one; one too large or too short is bad', () => {
    const later = seal()
    later[0] = 2
    expect(openEnvelope(keys, context, later).kind).toBe('unknownVersion')
    expect(openEnvelope(keys, context, new Uint8Array(ENVELOPE_BYTES + LIMITS.gossipBytes + 1)).kind).toBe('bad')
    for (let length = 0; length < ENVELOPE_BYTES; length++) {
      expect(openEnvelope(keys, context, seal().subarray(0, length)).kind).toBe('bad')
    }
  })
})

describe('replay', () => {
  test('any order within the window, each counter once', () => {
    const counters = fc.uniqueArray(fc.integer({ min: 1, max: 1_000 }), { minLength: 1 })
    fc.assert(
      fc.property(counters, (order) => {
        const window = new ReplayWindow()
        expect(order.every((counter) => window.take(BigInt(counter)))).toBe(true)
        expect(order.some((counter) => window.take(BigInt(counter)))).toBe(false)
      }),
    )
  })

  test('what fell out of the window counts as seen, and so do 0 and below', () => {
    const window = new ReplayWindow()
    for (let counter = 1n; counter <= 5_000n; counter++) expect(window.take(counter)).toBe(true)
    expect([window.take(1n), window.take(3_976n), window.take(0n), window.take(-1n)]).toEqual([
      false,
      false,
      false,
      false,
    ])
    expect([window.take(2n ** 64n - 1n), window.take(5_001n)]).toEqual([true, false])
  })

  test('of a connected author only the run it has proven is taken, and never again one that it ended', () => {
    const authors = new Authors()
    const [first, second, third] = [1, 2, 3].map((byte) => new Uint8Array(16).fill(byte)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]
    expect(authors.take('a', first, 1n)).toBe(true)
    authors.connected('a', first)
    expect([authors.take('a', first, 1n), authors.take('a', first, 2n)]).toEqual([false, true])
    expect(authors.take('a', second, 1n)).toBe(false)
    authors.disconnected('a')
    authors.connected('a', second)
    expect([authors.take('a', first, 3n), authors.take('a', second, 1n)]).toEqual([false, true])
    authors.disconnected('a')
    expect([authors.take('a', first, 4n), authors.take('a', third, 1n)]).toEqual([false, true])
  })

  test('thousands of authors and runs are remembered up to a bound', () => {
    const authors = new Authors()
    for (let index = 0; index < 5_000; index++) {
      const fresh = new Uint8Array(16)
      new DataView(fresh.buffer).setUint32(0, index)
      authors.take(`author${index % 1_000}`, fresh, 1n)
      authors.take('always the same', fresh, 1n)
    }
    expect(authors.size).toBeLessThanOrEqual(512)
  })
})

describe('penalties', () => {
  const setUp = () => {
    let nowMs = 0
    const bans: number[] = []
    const penalties = new Penalties({ nowMs: () => nowMs, onBanned: (_peer, forMs) => bans.push(forMs) })
    return { penalties, bans, pass: (ms: number) => (nowMs += ms) }
  }

  test('a few misdeeds are forgiven after a minute; more in a row shut out, longer each time up to a bound', () => {
    const { penalties, bans, pass } = setUp()
    for (let round = 0; round < 10; round++) {
      for (let index = 0; index < 7; index++) penalties.strike('p')
      pass(60_001)
    }
    expect(bans).toEqual([])
    for (let ban = 0; ban < 7; ban++) {
      for (let index = 0; index < 8; index++) penalties.strike('p')
      expect(penalties.bannedForMs('p')).toBe(bans.at(-1))
      pass(bans.at(-1) ?? 0)
      expect(penalties.bannedForMs('p')).toBe(0)
    }
    expect(bans).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000])
    expect(penalties.bannedForMs('q')).toBe(0)
  })
})
