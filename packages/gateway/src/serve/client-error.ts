import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'

interface Told {
  readonly status: string
  readonly code: string
  readonly message: string
}

const BAD_REQUEST: Told = {
  status: '400 Bad Request',
  code: 'INVALID_REQUEST',
  message: 'this is not HTTP as it should be',
}

/** What Node's parser gives up on (https://nodejs.org/api/http.html#event-clienterror), in our words. */
const TOLD: Readonly<Record<string, Told>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'REQUEST_TOO_LARGE',
    message: 'the headers are larger than 16 KiB',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'REQUEST_TOO_SLOW',
    message: 'the request did not arrive in time',
  },
}

/** Answers what never became a request in the one shape of errors, and ends the connection. */
export const answerClientErrors = (server: Server): void => {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
    const { status, code, message } = TOLD[error.code ?? ''] ?? BAD_REQUEST
    const body = JSON.stringify({ error: { code, message, request_id: crypto.randomUUID() } })
    socket.end(
      `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
  })
}
