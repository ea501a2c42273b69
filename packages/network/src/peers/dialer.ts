import type { Connection, Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { Admission } from '../admission/admission.js'
import { BOUNDS } from '../bounds.js'
import type { AddressBook } from './address-book.js'

export interface DialerInit {
  readonly libp2p: Libp2p
  readonly book: AddressBook
  /** Why no further connection to this peer may be opened, if so. */
  readonly refusal: (peerId: string) => string | undefined
  /** Of a node: connections count once both sides have proven themselves. */
  readonly admission: Admission | undefined
}

/** Connections by peer. Whoever needs one while it is being dialled shares the dial. */
export class Dialer {
  readonly #init: DialerInit
  readonly #dials = new Map<string, Promise<Connection>>()
  readonly #stopped = new AbortController()

  constructor(init: DialerInit) {
    this.#init = init
  }

  /** The newest usable connection: after a peer's restart the older one may only look open. */
  existing(peerId: string): Connection | undefined {
    const { admission } = this.#init
    return this.#open(peerId)
      .filter((connection) => admission === undefined || admission.isReady(connection))
      .at(-1)
  }

  /** @throws when the peer can't be reached at any known address within the time of one dial */
  connect(peerId: string): Promise<Connection> {
    const existing = this.existing(peerId)
    if (existing !== undefined) return Promise.resolve(existing)
    const running = this.#dials.get(peerId)
    if (running !== undefined) return running
    const dial = this.#dial(peerId).finally(() => this.#dials.delete(peerId))
    this.#dials.set(peerId, dial)
    return dial
  }

  stop(): void {
    this.#stopped.abort(new Error('the host is stopping'))
  }

  async #dial(peerId: string): Promise<Connection> {
    const { libp2p, book } = this.#init
    const pending = this.#open(peerId).at(-1)
    if (pending !== undefined) return await this.#usable(pending)
    const refusal = this.#init.refusal(peerId)
    if (refusal !== undefined) throw new Error(refusal)
    const addresses = book.of(peerId)
    if (addresses.length === 0) throw new Error('no address of it is known')
    const targets = addresses.map((address) => multiaddr(`${address}/p2p/${peerId}`))
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(BOUNDS.dialTimeoutMs)])
    return await this.#usable(await libp2p.dial(targets, { signal }))
  }

  async #usable(connection: Connection): Promise<Connection> {
    await this.#init.admission?.ready(connection)
    return connection
  }

  #open(peerId: string): readonly Connection[] {
    return this.#init.libp2p.getConnections(peerIdFromString(peerId)).filter(({ status }) => status === 'open')
  }
}
