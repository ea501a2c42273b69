import { type ClientResponse, decodeMessage, type ErrorBody, encodeMessage } from '@dbcluster/protocol'

const HEADER_BYTES = 9
const [REQUEST, ANSWER] = [1, 2]

/** The frame of a request with this payload, hexadecimal: length, type, id, payload. */
export const requestFrame = (message: unknown): string => {
  const payload = encodeMessage(message)
  const head = Buffer.alloc(HEADER_BYTES)
  head.writeUInt32BE(payload.length)
  head.writeUInt8(REQUEST, 4)
  head.writeUInt32BE(1, 5)
  return Buffer.concat([head, payload]).toString('hex')
}

/** What a frame (hexadecimal) that answers a client's request says: `ok`, or the code of an error. */
export const answeredCode = (hex: string): string => {
  const frame = Buffer.from(hex, 'hex')
  const body = decodeMessage(frame.subarray(HEADER_BYTES))
  if (frame[4] !== ANSWER) return (body as ErrorBody).code
  const response = body as ClientResponse
  return response.ok ? 'ok' : response.error.code
}
