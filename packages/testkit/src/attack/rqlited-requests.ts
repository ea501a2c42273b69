/** Every endpoint of rqlite 8 to 10 (https://rqlite.io/docs/api/), as `METHOD path`. */
export const RQLITED_ENDPOINTS: readonly string[] = [
  'GET /status',
  'GET /nodes',
  'GET /readyz',
  'GET /db/query?q=SELECT%201',
  'POST /db/query',
  'POST /db/execute',
  'POST /db/request',
  'GET /db/backup',
  'POST /db/load',
  'POST /boot',
  'POST /snapshot',
  'DELETE /remove',
  'GET /debug/vars',
  'GET /debug/pprof/heap',
]

const NODE_HEADER = 2
/** Type and field of each request (rqlite's cluster/proto/message.proto), with an empty body and no credential. */
const REQUESTS: Readonly<Record<string, readonly number[]>> = {
  execute: [0x08, 2, 0x12, 0],
  query: [0x08, 3, 0x1a, 0],
  backup: [0x08, 4, 0x2a, 0],
  load: [0x08, 5, 0x32, 0],
  'remove node': [0x08, 6, 0x3a, 0],
  notify: [0x08, 7, 0x42, 0],
  join: [0x08, 8, 0x4a, 0],
  request: [0x08, 9, 0x52, 0],
}

/** What rqlite's nodes ask each other on the Raft port beside Raft itself, hexadecimal. */
export const RQLITED_NODE_REQUESTS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(REQUESTS).map(([name, request]) => {
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(request.length))
    return [name, Buffer.concat([Buffer.of(NODE_HEADER), length, Buffer.from(request)]).toString('hex')]
  }),
)
/** The byte by which they ask for Raft, and enough after it to be taken for a TLS record. */
export const RAFT_GREETING = '01000000000000000000000000000000'
