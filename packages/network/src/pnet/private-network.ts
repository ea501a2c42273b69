import { randomBytes } from 'node:crypto'
import type { AbortOptions, ConnectionProtector, MessageStream, MultiaddrConnection } from '@libp2p/interface'
import { byteStream } from '@libp2p/utils'
import { BOUNDS } from '../bounds.js'
import { InboundCipher } from './inbound-cipher.js'
import { Keystream, NONCE_BYTES } from './keystream.js'
import { ProtectedConnection } from './protected-connection.js'

export interface PrivateNetworkInit {
  /** 32 bytes each. The first is this host's own, the same on every member; the others are accepted as well. */
  readonly keys: readonly [Uint8Array, ...Uint8Array[]]
  /** The other side at this address doesn't seem to have the same key. */
  readonly onMismatch?: (address: string) => void
  /** @default 3000 */
  readonly timeoutMs?: number
}

/**
 * libp2p's private-network protocol: each side sends a nonce of 24 bytes, and everything after it is XORed with
 * XSalsa20 under the network key. It keeps strangers out; secrecy and integrity come from Noise inside. While a key is
 * being exchanged, whoever is dialled finds out by which accepted key the dialer speaks and answers by the same one, so
 * that a dialer never needs more than one key.
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
        inbound: new InboundCipher(init.keys, remoteNonce.subarray()),
        localNonce,
      })
    } catch (error) {
      connection.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  },
})

interface Established {
  readonly connection: MultiaddrConnection
  readonly inbound: InboundCipher
  readonly localNonce: Uint8Array
}

const establish = (init: PrivateNetworkInit, timeoutMs: number, established: Established): ProtectedConnection => {
  const { connection, inbound, localNonce } = established
  const mismatch = (what: string): Error => {
    init.onMismatch?.(connection.remoteAddr.toString())
    return new Error(`network key mismatch suspected: ${what}`)
  }
  const timer = setTimeout(() => {
    if (inbound.key === undefined) {
      protectedConnection.abort(mismatch(`nothing sensible came within ${timeoutMs} ms`))
    }
  }, timeoutMs)
  timer.unref()
  const protectedConnection = new ProtectedConnection({
    connection,
    log: connection.log.newScope('pnet'),
    decrypt: (data) => {
      const known = inbound.key !== undefined
      const decrypted = inbound.apply(data)
      if (decrypted === undefined) throw mismatch('what came is not what libp2p begins with')
      if (!known && inbound.key !== undefined) clearTimeout(timer)
      return decrypted
    },
    // The side that was dialled speaks second, so the dialer's key is known by then.
    createOutbound: () =>
      new Keystream(connection.direction === 'inbound' ? (inbound.key ?? init.keys[0]) : init.keys[0], localNonce),
    onClosed: (remotely) => {
      clearTimeout(timer)
      if (remotely && inbound.key === undefined) mismatch('closed before the first message')
    },
  })
  return protectedConnection
}
