import { randomBytes } from 'node:crypto'
import type { Logger } from '@dbcluster/protocol'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { BOUNDS } from '../bounds.js'
import { ADMISSION_PROTOCOL, ProofError, proveAsDialer, proveAsListener } from './handshake.js'
import type { MemberKeys } from './member-keys.js'
import { RUN_BYTES } from './proof.js'

export interface AdmissionInit {
  readonly keys: MemberKeys
  readonly self: string
  readonly logger: Logger
  /** Both sides have proven themselves on one more connection; `run` names the peer's present run. */
  readonly onProven: (peerId: string, run: Uint8Array) => void
  /** It is the peer's only such connection. */
  readonly onAdmitted: (peerId: string) => void
  /** Its last such connection is gone. */
  readonly onLeft: (peerId: string) => void
  /** A peer tried to prove itself and could not. */
  readonly onRefused: (peerId: string, reason: string) => void
}

interface Entry {
  readonly connection: Connection
  /** The other side has proven itself: what it asks is served. */
  proven: boolean
  /** Both sides have: streams may be opened to it. */
  ready: boolean
  readonly settled: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Tells members from everybody else who holds the network key. Each connection between two nodes begins with a proof,
 * both ways, that the other side holds the cluster key; the connection's encryption, keyed to the peer ids in that
 * proof, protects whatever follows on it against forging, replay and reordering.
 */
export class Admission {
  /** Names this run in gossip. */
  readonly run = new Uint8Array(randomBytes(RUN_BYTES))
  readonly #init: AdmissionInit
  readonly #entries = new Map<string, Entry>()

  constructor(init: AdmissionInit) {
    this.#init = init
  }

  /** Begins to watch a host's connections. */
  async attach(libp2p: Libp2p): Promise<void> {
    libp2p.addEventListener('connection:open', ({ detail }) => this.#opened(detail))
    libp2p.addEventListener('connection:close', ({ detail }) => this.#closed(detail))
    await libp2p.handle(ADMISSION_PROTOCOL, (stream, connection) => this.#answer(stream, connection), {
      maxInboundStreams: 1,
      maxOutboundStreams: 1,
    })
  }

  /** Whether the other side of this connection has proven itself. */
  isProven(connection: Connection): boolean {
    return this.#entries.get(connection.id)?.proven === true
  }

  /** Whether streams may be opened on this connection. */
  isReady(connection: Connection): boolean {
    return this.#entries.get(connection.id)?.ready === true
  }

  /** Resolves once both sides have proven themselves. @throws Error when that fails or takes too long */
  async ready(connection: Connection): Promise<void> {
    const entry = this.#entries.get(connection.id)
    if (entry === undefined) throw new Error('the connection is closed')
    await entry.settled
  }

  #opened(connection: Connection): void {
    let resolve = (): void => undefined
    let reject = (_error: Error): void => undefined
    const promise = new Promise<void>((fulfil, fail) => {
      resolve = fulfil
      reject = fail
    })
    // Most connections of applications never prove anything, and nobody waits for them.
    promise.catch(() => undefined)
    const entry: Entry = { connection, proven: false, ready: false, settled: promise, resolve, reject }
    this.#entries.set(connection.id, entry)
    const timer = setTimeout(() => reject(new Error('no proof of membership came')), BOUNDS.admissionTimeoutMs)
    timer.unref()
    void promise.catch(() => undefined).finally(() => clearTimeout(timer))
    if (connection.direction === 'outbound') this.#ask(entry)
  }

  #closed(connection: Connection): void {
    const entry = this.#entries.get(connection.id)
    if (entry === undefined) return
    this.#entries.delete(connection.id)
    entry.reject(new Error('the connection was closed before both sides had proven themselves'))
    if (entry.ready && !this.#hasReady(connection)) this.#guarded(() => this.#init.onLeft(peerOf(connection)))
  }

  #ask(entry: Entry): void {
    const { connection } = entry
    const signal = AbortSignal.timeout(BOUNDS.admissionTimeoutMs)
    const handshake = async (): Promise<void> => {
      const stream = await connection.newStream(ADMISSION_PROTOCOL, { signal })
      try {
        const run = await proveAsDialer({ ...this.#common(connection), stream, signal })
        this.#admit(entry, run)
      } finally {
        await stream.close({ signal }).catch(() => undefined)
      }
    }
    handshake().catch((error: unknown) => this.#refuse(entry, error))
  }

  async #answer(stream: Stream, connection: Connection): Promise<void> {
    const entry = this.#entries.get(connection.id)
    if (entry === undefined || entry.proven) return stream.abort(new Error('proven already'))
    const signal = AbortSignal.timeout(BOUNDS.admissionTimeoutMs)
    try {
      let run: Uint8Array = new Uint8Array(0)
      await proveAsListener({ ...this.#common(connection), stream, signal }, (dialerRun) => {
        entry.proven = true
        run = dialerRun
      })
      this.#admit(entry, run)
      await stream.close({ signal })
    } catch (error) {
      if (!entry.ready) this.#refuse(entry, error)
    }
  }

  #admit(entry: Entry, run: Uint8Array): void {
    if (this.#entries.get(entry.connection.id) !== entry) return
    const first = !this.#hasReady(entry.connection)
    entry.proven = true
    entry.ready = true
    const peerId = peerOf(entry.connection)
    this.#guarded(() => this.#init.onProven(peerId, run))
    if (first) this.#guarded(() => this.#init.onAdmitted(peerId))
    entry.resolve()
  }

  #refuse(entry: Entry, error: unknown): void {
    const reason = error instanceof Error ? error : new Error(String(error))
    entry.proven = false
    entry.reject(reason)
    if (reason instanceof ProofError)
      this.#guarded(() => this.#init.onRefused(peerOf(entry.connection), reason.message))
    // A connection that this node dialled is for members; one that failed to prove anything is of no use either.
    entry.connection.abort(reason)
  }

  #common(connection: Connection) {
    return { keys: this.#init.keys, self: this.#init.self, remote: peerOf(connection), run: this.run }
  }

  #hasReady({ remotePeer }: Connection): boolean {
    for (const { ready, connection } of this.#entries.values()) {
      if (ready && connection.remotePeer.equals(remotePeer)) return true
    }
    return false
  }

  /** What a listener of libp2p throws would end the process. */
  #guarded(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#init.logger.error('Handling an admission failed', { error })
    }
  }
}

const peerOf = (connection: Connection): string => connection.remotePeer.toString()
