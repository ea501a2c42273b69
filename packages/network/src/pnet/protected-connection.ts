import type { AbortOptions, Logger, MultiaddrConnection } from '@libp2p/interface'
import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'
import type { Keystream } from './keystream.js'

export interface ProtectedConnectionInit {
  readonly connection: MultiaddrConnection
  readonly inbound: Keystream
  readonly outbound: Keystream
  readonly log: Logger
  /** Sees the first decrypted bytes; @throws Error to have the connection aborted. */
  readonly check: (data: Uint8Array) => void
  /** The connection below is gone; `remotely` when the other side ended it. */
  readonly onClosed: (remotely: boolean) => void
}

/** A connection whose bytes are encrypted with the network key, around the plain one. */
export class ProtectedConnection extends AbstractMultiaddrConnection {
  readonly #connection: MultiaddrConnection
  readonly #outbound: Keystream

  constructor(init: ProtectedConnectionInit) {
    const { connection, inbound } = init
    super({ log: init.log, remoteAddr: connection.remoteAddr, direction: connection.direction })
    this.#connection = connection
    this.#outbound = init.outbound
    // What a listener throws would end the process.
    connection.addEventListener('message', (event) => {
      try {
        for (const chunk of event.data instanceof Uint8Array ? [event.data] : event.data) {
          const data = inbound.apply(chunk)
          init.check(data)
          this.onData(data)
        }
      } catch (error) {
        this.abort(error instanceof Error ? error : new Error(String(error)))
      }
    })
    connection.addEventListener('drain', () => this.onMuxerDrain())
    connection.addEventListener('close', (event) => {
      init.onClosed(isRemote(event.error))
      if (event.error === undefined) this.onTransportClosed()
      else if (event.local === true) this.abort(event.error)
      else this.onRemoteReset()
    })
  }

  override sendData(data: Uint8ArrayList): SendResult {
    return { sentBytes: data.byteLength, canSendMore: this.#connection.send(this.#outbound.apply(data.subarray())) }
  }

  override async sendClose(options?: AbortOptions): Promise<void> {
    await this.#connection.close(options)
  }

  override sendReset(error: Error): void {
    this.#connection.abort(error)
  }

  override sendPause(): void {
    this.#connection.pause()
  }

  override sendResume(): void {
    this.#connection.resume()
  }
}

/** libp2p calls every error of the socket local, a reset by the other side too. */
const isRemote = (error: (Error & { readonly code?: string }) | undefined): boolean =>
  error === undefined || error.code === 'ECONNRESET' || error.code === 'EPIPE'
