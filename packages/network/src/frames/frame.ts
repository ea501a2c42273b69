/**
 * A frame on a request stream: payload length (4 bytes, big endian), type (1 byte), request id (4 bytes, big endian),
 * payload. The side that opened the stream sends requests, cancels and messages; the other answers and errors.
 */
export const HEADER_BYTES = 9

/** Frame types by name; the numbers are the wire's. */
export const FRAME = {
  /** Asks; answered by one `answer` or `error` with the same id. */
  request: 1,
  answer: 2,
  /** An error body, CBOR. */
  error: 3,
  /** The asker doesn't wait for this id any more. No payload. */
  cancel: 4,
  /** One-way; the id is 0. */
  message: 5,
} as const

export type FrameType = (typeof FRAME)[keyof typeof FRAME]

export interface Frame {
  readonly type: FrameType
  readonly id: number
  readonly payload: Uint8Array
}

/** Whether a byte is a type that this version knows. */
export const isFrameType = (value: number): value is FrameType => value >= FRAME.request && value <= FRAME.message

/** Payloads up to this size are copied behind their header, so that a frame is one piece of memory. */
const COPY_MAX_BYTES = 4_096

/** The frame as pieces to be sent in this order. */
export const encodeFrame = ({ type, id, payload }: Frame): readonly Uint8Array[] => {
  const copied = payload.length <= COPY_MAX_BYTES
  const head = new Uint8Array(HEADER_BYTES + (copied ? payload.length : 0))
  const view = new DataView(head.buffer)
  view.setUint32(0, payload.length)
  view.setUint8(4, type)
  view.setUint32(5, id)
  if (!copied) return [head, payload]
  head.set(payload, HEADER_BYTES)
  return [head]
}
