import { randomBytes } from 'node:crypto'
import type { AbortOptions, ConnectionProtector, MessageStream, MultiaddrConnection } from '@libp2p/interface'
import { byteStream } from '@libp2p/utils'
import { BOUNDS } from '../bounds.js'
import { createHelloCheck } from './hello.js'
import { Keystream, NONCE_BYTES } from './keystream.js'
import { ProtectedConnection } from './protected-connection.js'

export interface PrivateNetworkInit {
  /** 32 bytes, the same on every member. */
  readonly key: Uint8Array
  /** The other side at this address doesn't seem to have the same key. */
  readonly onMismatch?: (address: string) => void
  /** @default 3000 */
  readonly timeoutMs?: number
}

/**
 * libp2p's private-network protocol: each side sends a nonce of 24 bytes, and everything after it is XORed with
 * XSalsa20 under the network key. It keeps strangers out; secrecy and integrity come from Noise inside.
 * @see https://github.com/libp2p/specs/blob/master/pnet/Private-Networks-PSK-V1.md
 */
export const privateNetwork = (init: PrivateNetworkInit) => (): ConnectionProtector => ({
  async protect(stream: MessageStream, options: AbortOptions = {}): Promise<MessageStream> {
    // libp2p protects connections only; its types speak of any stream.
    const connection = stream as MultiaddrConnection
    const timeoutMs = init.timeoutMs ?? BOUNDS.protectTimeoutMs
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout])
    const localNonce = new Uint8Array(randomBytes(NONCE_BYTES))
    const bytes = byteStream(connection)
    try {
      const [, remoteNonce] = await Promise.all([
        bytes.write(localNonce, { signal }),
        bytes.read({ bytes: NONCE_BYTES, signal }),
      ])
      return establish(init, timeoutMs, {
        connection: bytes.unwrap(),
        inbound: new Keystream(init.key, remoteNonce.subarray()),
        outbound: new Keystream(init.key, localNonce),
      })
    } catch (error) {
      connection.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  },
})

interface Established {
  readonly connection: MultiaddrConnection
  readonly inbound: Keystream
  readonly outbound: Keystream
}

const establish = (init: PrivateNetworkInit, timeoutMs: number, established: Established): ProtectedConnection => {
  const { connection } = established
  const hello = createHelloCheck()
  const mismatch = (what: string): Error => {
    init.onMismatch?.(connection.remoteAddr.toString())
    return new Error(`network key mismatch suspected: ${what}`)
  }
  const timer = setTimeout(() => {
    if (!hello.passed) protectedConnection.abort(mismatch(`nothing sensible came within ${timeoutMs} ms`))
  }, timeoutMs)
  timer.unref()
  const protectedConnection = new ProtectedConnection({
    ...established,
    log: connection.log.newScope('pnet'),
    check: (data) => {
      if (hello.passed) return
      if (!hello.accepts(data)) throw mismatch('what came is not what libp2p begins with')
      if (hello.passed) clearTimeout(timer)
    },
    onClosed: (remotely) => {
      clearTimeout(timer)
      if (remotely && !hello.passed) mismatch('closed before the first message')
    },
  })
  return protectedConnection
}
