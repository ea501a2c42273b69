import { DbClusterError } from '@dbcluster/protocol'

export interface IncomingRequest {
  readonly from: string
  readonly payload: Uint8Array
  /** Aborts when the asker cancels or its connection goes away. */
  readonly signal: AbortSignal
}
export interface IncomingMessage {
  readonly from: string
  readonly payload: Uint8Array
}

export type RequestHandler = (request: IncomingRequest) => Promise<Uint8Array>
export type MessageHandler = (message: IncomingMessage) => void

/** Who may speak a protocol: nodes that have proven that they hold the cluster key, or whoever holds the network key. */
export type Audience = 'members' | 'everyone'

export interface AllowOptions {
  /** Narrows the audience; asked each time. @default all of it */
  readonly allow?: (peerId: string) => boolean
}

export interface HandleOptions extends AllowOptions {
  /** Fixed by a protocol's first handler. @default members */
  readonly audience?: Audience
}

interface Registered<H> {
  readonly handler: H
  readonly allow: (peerId: string) => boolean
}

/** Who handles what comes in on one protocol. */
export interface ProtocolEntry {
  readonly protocol: string
  readonly audience: Audience
  request: Registered<RequestHandler> | undefined
  readonly messages: Set<Registered<MessageHandler>>
}

export interface RegistryInit {
  /** A protocol got its first handler. */
  readonly onAdded: (entry: ProtocolEntry) => void
  /** A protocol lost its last one. */
  readonly onRemoved: (entry: ProtocolEntry) => void
}

const everyone = (): boolean => true

/** The handlers of all protocols, kept while the host is stopped too. */
export class Registry {
  readonly #entries = new Map<string, ProtocolEntry>()
  readonly #init: RegistryInit

  constructor(init: RegistryInit) {
    this.#init = init
  }

  entries(): readonly ProtocolEntry[] {
    return [...this.#entries.values()]
  }

  /** @throws DbClusterError `CONFLICT` when the protocol has a handler: two can't answer the same request */
  handle(protocol: string, handler: RequestHandler, options: HandleOptions = {}): () => void {
    const entry = this.#entry(protocol, options)
    if (entry.request !== undefined) {
      throw new DbClusterError('CONFLICT', `requests on ${protocol} are already handled`, {
        hint: 'remove the other handler first',
      })
    }
    const registered = { handler, allow: options.allow ?? everyone }
    entry.request = registered
    return () => {
      if (entry.request === registered) entry.request = undefined
      this.#removeIfUnused(entry)
    }
  }

  handleMessages(protocol: string, handler: MessageHandler, options: HandleOptions = {}): () => void {
    const entry = this.#entry(protocol, options)
    const registered = { handler, allow: options.allow ?? everyone }
    entry.messages.add(registered)
    return () => {
      entry.messages.delete(registered)
      this.#removeIfUnused(entry)
    }
  }

  #entry(protocol: string, { audience = 'members' }: HandleOptions): ProtocolEntry {
    const existing = this.#entries.get(protocol)
    if (existing !== undefined) return existing
    const entry: ProtocolEntry = { protocol, audience, request: undefined, messages: new Set() }
    this.#entries.set(protocol, entry)
    this.#init.onAdded(entry)
    return entry
  }

  #removeIfUnused(entry: ProtocolEntry): void {
    if (entry.request !== undefined || entry.messages.size > 0) return
    if (this.#entries.get(entry.protocol) !== entry) return
    this.#entries.delete(entry.protocol)
    this.#init.onRemoved(entry)
  }
}
