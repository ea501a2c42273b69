import { BOUNDS } from '../bounds.js'
import { ReplayWindow } from './replay-window.js'

/** Runs of one author that are told apart; of the oldest beyond it, messages count as replayed. */
const RUNS_MAX = 4

interface Author {
  /** The run that the author itself, connected, has proven to be its present one. */
  present: string | undefined
  readonly windows: Map<string, ReplayWindow>
  /** Runs that were followed by another one: nothing of theirs is taken again. */
  readonly ended: Set<string>
}

/**
 * Which gossip has been seen. While its author is connected, its present run is known from the handshake, and messages
 * of any other are old ones. Of an author that isn't connected any run is taken, each message once. No clock has a part
 * in this, and a restarted author needs to remember nothing.
 */
export class Authors {
  readonly #authors = new Map<string, Author>()

  /** Authors remembered. */
  get size(): number {
    return this.#authors.size
  }

  /** The author is connected and in this run. */
  connected(peerId: string, run: Uint8Array): void {
    const author = this.#author(peerId)
    const name = nameOf(run)
    if (author.present !== undefined && author.present !== name) this.#end(author, author.present)
    for (const other of author.windows.keys()) if (other !== name) this.#end(author, other)
    author.ended.delete(name)
    author.present = name
  }

  /** The author may come back in another run. */
  disconnected(peerId: string): void {
    const author = this.#authors.get(peerId)
    if (author !== undefined) author.present = undefined
  }

  /** Whether this message is new; the second time it isn't. Call it only for authenticated ones: it costs memory. */
  take(peerId: string, run: Uint8Array, counter: bigint): boolean {
    const author = this.#author(peerId)
    const name = nameOf(run)
    if (author.ended.has(name) || (author.present !== undefined && author.present !== name)) return false
    let window = author.windows.get(name)
    if (window === undefined) {
      window = new ReplayWindow()
      author.windows.set(name, window)
      const [oldest] = author.windows.keys()
      if (author.windows.size > RUNS_MAX && oldest !== undefined) this.#end(author, oldest)
    }
    return window.take(counter)
  }

  #end(author: Author, run: string): void {
    author.windows.delete(run)
    author.ended.add(run)
    const [oldest] = author.ended
    if (author.ended.size > RUNS_MAX && oldest !== undefined) author.ended.delete(oldest)
  }

  #author(peerId: string): Author {
    const known = this.#authors.get(peerId)
    if (known !== undefined) return known
    const author: Author = { present: undefined, windows: new Map(), ended: new Set() }
    this.#authors.set(peerId, author)
    for (const [other, { present }] of this.#authors) {
      if (this.#authors.size <= BOUNDS.knownPeers) break
      if (other !== peerId && present === undefined) this.#authors.delete(other)
    }
    return author
  }
}

const nameOf = (run: Uint8Array): string => Buffer.from(run).toString('base64')
