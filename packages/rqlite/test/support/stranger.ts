import { connect as connectPlain } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { gunzipSync } from 'node:zlib'

/** What became of a stranger's connection to a Raft port. */
export type Reception = 'refused' | 'let in'

/** How long a server may think about it; one that lets in says nothing and waits for more. */
const SILENCE_MS = 1_500

/** The byte with which rqlite's nodes ask for Raft; plainly there follows enough to be taken for a TLS record. */
const RAFT_HEADER = Uint8Array.of(1)
const PLAIN_TALK = Uint8Array.of(1, ...Array.from({ length: 15 }, () => 0))

/** Connects and begins to speak as rqlite's nodes do. `let in` when the other side listens on. */
export const knock = (port: number, tls: ConnectionOptions | undefined): Promise<Reception> =>
  new Promise((resolve) => {
    const speak = (): void => void socket.write(tls === undefined ? PLAIN_TALK : RAFT_HEADER)
    const options = { port, host: '127.0.0.1' }
    const socket =
      tls === undefined
        ? connectPlain(options, speak)
        : connectTls({ ...options, rejectUnauthorized: false, ...tls }, speak)
    const silence = setTimeout(() => end('let in'), SILENCE_MS)
    const end = (reception: Reception): void => {
      clearTimeout(silence)
      socket.destroy()
      resolve(reception)
    }
    socket.on('error', () => end('refused'))
    socket.on('close', () => end('refused'))
  })

/** Every endpoint of rqlite 8 to 10 (https://rqlite.io/docs/api/), with the methods that it takes. */
export const ENDPOINTS: readonly (readonly [method: string, path: string])[] = [
  ['GET', '/status'],
  ['GET', '/nodes'],
  ['GET', '/readyz'],
  ['GET', '/readyz?noleader'],
  ['GET', '/db/query?q=SELECT%201'],
  ['POST', '/db/query'],
  ['POST', '/db/execute'],
  ['POST', '/db/execute?queue'],
  ['POST', '/db/request'],
  ['GET', '/db/backup'],
  ['GET', '/db/backup?fmt=sql'],
  ['POST', '/db/load'],
  ['POST', '/boot'],
  ['POST', '/snapshot'],
  ['DELETE', '/remove'],
  ['GET', '/debug/vars'],
  ['GET', '/debug/pprof/'],
  ['GET', '/debug/pprof/cmdline'],
  ['GET', '/debug/pprof/heap'],
]

/**
 * Requests of rqlite's own protocol between nodes (cluster/proto/message.proto), each with an empty body and without
 * credentials.
 */
export const NODE_REQUESTS: Readonly<Record<string, readonly number[]>> = {
  execute: [0x08, 2, 0x12, 0],
  query: [0x08, 3, 0x1a, 0],
  backup: [0x08, 4, 0x2a, 0],
  load: [0x08, 5, 0x32, 0],
  removeNode: [0x08, 6, 0x3a, 0],
  notify: [0x08, 7, 0x42, 0],
  join: [0x08, 8, 0x4a, 0],
  request: [0x08, 9, 0x52, 0],
}

const NODE_HEADER = 2

/** A backup comes compressed, and so does the refusal of one. */
const textOf = (answer: Buffer): string =>
  (answer[0] === 0x1f && answer[1] === 0x8b ? gunzipSync(answer) : answer).toString('latin1')

/** Asks what a node asks another; resolves with the answer's text, empty when there was none. */
export const askAsNode = (port: number, request: readonly number[], tls: ConnectionOptions): Promise<string> =>
  new Promise((resolve) => {
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(request.length))
    const speak = (): void => void socket.write(Buffer.concat([Buffer.of(NODE_HEADER), length, Buffer.from(request)]))
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...tls }, speak)
    const silence = setTimeout(() => end(''), SILENCE_MS)
    const end = (answer: string): void => {
      clearTimeout(silence)
      socket.destroy()
      resolve(answer)
    }
    let answer = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk])
      if (answer.length >= 8 && BigInt(answer.length - 8) >= answer.readBigUInt64LE()) end(textOf(answer.subarray(8)))
    })
    socket.on('error', () => end(''))
    socket.on('close', () => end(''))
  })
