import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encodeFrame, FRAME, type Frame, type FrameType } from '../src/frames/frame.js'
import { FrameDecoder } from '../src/frames/frame-decoder.js'

const MAX = 16 * 1024
const frameType = fc.constantFrom<FrameType>(...Object.values(FRAME))
const frame = fc.record<Frame>({
  type: frameType,
  id: fc.nat({ max: 0xffff_ffff }),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.nat({ max: MAX }).map((length) => new Uint8Array(length).map((_, index) => index)),
  ),
})

const join = (pieces: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces))

/** Cuts bytes at the given places. */
const cut = (bytes: Uint8Array, places: readonly number[]): Uint8Array[] => {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return sorted.slice(1).map((end, index) => bytes.slice(sorted[index], end))
}

const plain = (frames: readonly Frame[]) =>
  frames.map((one) => ({ ...one, payload: Buffer.from(one.payload).toString('hex') }))

describe('frames', () => {
  test('come out as they went in, however the bytes are chunked', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 30 }), (frames, places) => {
        const decoder = new FrameDecoder(MAX)
        const chunks = cut(join(frames.flatMap((one) => encodeFrame(one))), places)
        expect(plain(chunks.flatMap((chunk) => decoder.push(chunk)))).toEqual(plain(frames))
        expect(decoder.pendingBytes).toBe(0)
      }),
      { numRuns: 200 },
    )
  })

  test('come out the same byte by byte', () => {
    const frames = [
      { type: FRAME.request, id: 1, payload: new Uint8Array([1, 2, 3]) },
      { type: FRAME.cancel, id: 0xffff_ffff, payload: new Uint8Array(0) },
      { type: FRAME.answer, id: 7, payload: new Uint8Array(5_000).fill(9) },
    ]
    const decoder = new FrameDecoder(MAX)
    const bytes = join(frames.flatMap(encodeFrame))
    expect(plain([...bytes].flatMap((byte) => decoder.push(new Uint8Array([byte]))))).toEqual(plain(frames))
  })

  test('garbage gives frames or an error, never anything else, and an error is final', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }), (chunks) => {
        const decoder = new FrameDecoder(256)
        let failed = false
        for (const chunk of chunks) {
          try {
            for (const { payload, type } of decoder.push(chunk)) {
              expect(failed).toBe(false)
              expect(payload.length).toBeLessThanOrEqual(256)
              expect(Object.values(FRAME)).toContain(type)
            }
          } catch (error) {
            expect(error).toMatchObject({ code: 'INVALID_REQUEST' })
            failed = true
          }
          expect(decoder.pendingBytes).toBeLessThanOrEqual(256 + 9)
        }
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    ['one byte too many', [0, 0, 64, 1, FRAME.request, 0, 0, 0, 1]],
    ['4 GiB', [255, 255, 255, 255, FRAME.request, 0, 0, 0, 1]],
    ['type 0', [0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ['type 6', [0, 0, 0, 0, 6, 0, 0, 0, 1]],
  ])('a header that announces %s is refused before any payload', (_name, header) => {
    expect(() => new FrameDecoder(MAX).push(new Uint8Array(header))).toThrow(/broke the framing/)
  })

  test('the largest allowed frame passes', () => {
    const largest = { type: FRAME.answer, id: 3, payload: new Uint8Array(MAX).fill(1) }
    expect(new FrameDecoder(MAX).push(join(encodeFrame(largest)))).toHaveLength(1)
  })

  test('memory follows what arrived, not what a header announces', () => {
    const decoder = new FrameDecoder(1024 * 1024 * 1024)
    decoder.push(new Uint8Array([0x3f, 0xff, 0xff, 0xff, FRAME.request, 0, 0, 0, 1]))
    const before = process.memoryUsage().arrayBuffers
    decoder.push(new Uint8Array(10))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024)
  })
})
