import type { AbortOptions, Logger, MultiaddrConnection } from '@libp2p/interface'
import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'
import type { Keystream } from './keystream.js'

export interface ProtectedConnectionInit {
  readonly connection: MultiaddrConnection
  readonly log: Logger
  /** @throws Error to have the connection aborted */
  readonly decrypt: (chunk: Uint8Array) => Uint8Array
  /** Called when there is something to send for the first time. */
  readonly createOutbound: () => Keystream
  /** The connection below is gone; `remotely` when the other side ended it. */
  readonly onClosed: (remotely: boolean) => void
}

/** A connection whose bytes are encrypted with the network key, around the plain one. */
export class ProtectedConnection extends AbstractMultiaddrConnection {
  readonly #connection: MultiaddrConnection
  readonly #createOutbound: () => Keystream
  #outbound: Keystream | undefined

  constructor(init: ProtectedConnectionInit) {
    const { connection } = init
    super({ log: init.log, remoteAddr: connection.remoteAddr, direction: connection.direction })
    this.#connection = connection
    this.#createOutbound = init.createOutbound
    // What a listener throws would end the process.
    connection.addEventListener('message', (event) => {
      try {
        for (const chunk of event.data instanceof Uint8Array ? [event.data] : event.data) {
          this.onData(init.decrypt(chunk))
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
    this.#outbound ??= this.#createOutbound()
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
