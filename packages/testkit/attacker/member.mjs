import { createHmac, hkdfSync, randomBytes } from 'node:crypto'

const [ADMISSION, RUN_BYTES] = ['/dbcluster/admission/1', 16]
const derive = (secret, purpose) => Buffer.from(hkdfSync('sha256', secret, '', purpose, 32))
const prefixed = (data) => Buffer.concat([Buffer.of(data.length), data])

/** Reads from a stream what is prefixed with one byte of length. */
const createReader = (stream) => {
  let held = Buffer.alloc(0)
  let wake = () => undefined
  stream.addEventListener('message', ({ data }) => {
    held = Buffer.concat([held, data.subarray()])
    wake()
  })
  const closed = new Promise((_, reject) => {
    stream.addEventListener('close', () => reject(new Error('closed')))
  })
  closed.catch(() => undefined)
  return async () => {
    while (held.length === 0 || held.length <= held[0]) {
      await Promise.race([closed, new Promise((resolve) => (wake = resolve))])
    }
    const message = held.subarray(1, 1 + held[0])
    held = held.subarray(1 + held[0])
    return message
  }
}

/** A node's side of the handshake, made by hand. @returns this run's name */
export const proveMembership = async (peer, connection, secret) => {
  const key = derive(secret, 'dbcluster/admission/1')
  const stream = await connection.newStream(ADMISSION)
  const read = createReader(stream)
  const nonce = randomBytes(32)
  const run = randomBytes(RUN_BYTES)
  stream.send(prefixed(nonce))
  const theirs = await read()
  const mac = createHmac('sha256', key)
  const [self, remote] = [String(peer.peerId), String(connection.remotePeer)].map((id) => Buffer.from(id))
  const parts = [Buffer.from('dbcluster/admission/1'), Buffer.from('dialer'), self, remote, nonce, theirs, run]
  for (const part of parts) mac.update(prefixed(part))
  stream.send(prefixed(Buffer.concat([run, mac.digest()])))
  await read()
  stream.send(prefixed(Buffer.of(1)))
  return run
}

/** What a member puts around the payload of its gossip. */
export const seal = (secret, { topic, author, run, counter }, payload) => {
  const head = Buffer.alloc(1 + RUN_BYTES + 8)
  head[0] = 1
  head.set(run, 1)
  head.writeBigUInt64BE(BigInt(counter), 1 + RUN_BYTES)
  const mac = createHmac('sha256', derive(secret, 'dbcluster/gossip/1'))
  for (const part of [topic, author]) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(Buffer.byteLength(part))
    mac.update(length).update(part)
  }
  return Buffer.concat([head, mac.update(head).update(payload).digest(), payload])
}
