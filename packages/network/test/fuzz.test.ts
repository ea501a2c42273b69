import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { toMemberKey } from '../src/admission/member-keys.js'
import { BOUNDS } from '../src/bounds.js'
import { encodeFrame, FRAME, type Frame } from '../src/frames/frame.js'
import { FrameDecoder } from '../src/frames/frame-decoder.js'
import { Authors } from '../src/gossip/authors.js'
import { ENVELOPE_BYTES, openEnvelope, sealEnvelope } from '../src/gossip/envelope.js'

/** For longer runs: DBCLUSTER_FUZZ_SECONDS, for each of the two targets. */
const SECONDS = Number(process.env.DBCLUSTER_FUZZ_SECONDS ?? 15)
const time = { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: SECONDS * 1_000, endOnFailure: true }
const LIMIT_MS = SECONDS * 1_000 + 30_000

/** Runs until the time is over; prints seed and counterexample when it fails. */
const fuzz = <T>(name: string, arbitrary: fc.Arbitrary<T>, check: (value: T) => void): void => {
  let runs = 0
  const before = process.memoryUsage().rss
  const details = fc.check(
    fc.property(arbitrary, (value) => {
      runs++
      check(value)
    }),
    time,
  )
  if (details.failed && details.counterexample !== null) throw new Error(fc.defaultReportMessage(details))
  const grownMiB = (process.memoryUsage().rss - before) / 2 ** 20
  process.stdout.write(`${name}: ${runs} runs in ${SECONDS} s, resident memory ${grownMiB.toFixed(0)} MiB more\n`)
  expect(runs).toBeGreaterThan(100)
}

const bytes = fc.uint8Array({ maxLength: 300 })

describe('fuzzing', () => {
  test(
    'the frame codec gives the same frames however they are cut, and refuses the rest without growing',
    () => {
      const frame = fc.record({
        type: fc.constantFrom(...Object.values(FRAME)),
        id: fc.nat({ max: 0xffff_ffff }),
        payload: bytes,
      })
      const input = fc.record({
        frames: fc.array(frame, { maxLength: 5 }),
        garbage: bytes,
        cuts: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
      })
      fuzz('frame codec', input, ({ frames, garbage, cuts }) => {
        const stream = Buffer.concat([...frames.flatMap((one) => [...encodeFrame(one)]), garbage])
        const decoder = new FrameDecoder(BOUNDS.payloadBytes)
        const out: Frame[] = []
        let failed = false
        try {
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const end = at + (cuts[turn % cuts.length] ?? 1)
            out.push(...decoder.push(stream.subarray(at, end)))
            at = end
          }
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_REQUEST' })
          failed = true
        }
        const plain = ({ type, id, payload }: Frame) => ({ type, id, payload: [...payload] })
        // The chunk that breaks the rules is refused as a whole, with the frames that it completes.
        const expected = failed ? frames.slice(0, out.length) : frames
        expect(out.slice(0, frames.length).map(plain)).toEqual(expected.map(plain))
        expect(failed || decoder.pendingBytes <= garbage.length).toBe(true)
      })
    },
    LIMIT_MS,
  )

  test(
    'the gossip envelope opens for nothing but what a member sealed, once',
    () => {
      const keys = [toMemberKey(new Uint8Array(32).fill(1)), toMemberKey(new Uint8Array(32).fill(2))] as const
      const authors = new Authors()
      const run = new Uint8Array(16).fill(5)
      let counter = 0n
      const input = fc.record({
        topic: fc.string({ maxLength: 20 }),
        author: fc.string({ maxLength: 20 }),
        payload: bytes,
        damage: fc.oneof(
          fc.constant('none' as const),
          fc.constant('random' as const),
          fc.record({ at: fc.nat(), to: fc.nat({ max: 255 }) }),
          fc.record({ keep: fc.nat({ max: 400 }) }),
        ),
      })
      fuzz('gossip envelope', input, ({ topic, author, payload, damage }) => {
        counter++
        const context = { topic, author }
        const sealed = sealEnvelope(keys, context, { run, counter, payload })
        const arrived = damage === 'random' ? payload : sealed.slice()
        if (typeof damage === 'object' && 'at' in damage) arrived[damage.at % arrived.length] = damage.to
        const cut = typeof damage === 'object' && 'keep' in damage ? arrived.subarray(0, damage.keep) : arrived
        const opened = openEnvelope(keys, context, cut)
        const untouched = Buffer.compare(cut, sealed) === 0
        expect(opened.kind === 'opened').toBe(untouched)
        if (opened.kind !== 'opened') return
        expect([...opened.envelope.payload]).toEqual([...payload])
        expect(cut.length).toBe(ENVELOPE_BYTES + payload.length)
        const { run: from, counter: count } = opened.envelope
        expect([authors.take(author, from, count), authors.take(author, from, count)]).toEqual([true, false])
        expect(authors.size).toBeLessThanOrEqual(BOUNDS.knownPeers)
      })
    },
    LIMIT_MS,
  )
})
