import { MemoryDatastore } from 'datastore-core/memory'

type Key = Parameters<MemoryDatastore['put']>[0]

/**
 * Keeps what libp2p notes about peers in memory, of the last ones written only: libp2p would keep everybody that ever
 * connected for hours, and an identity costs nothing.
 */
export class BoundedDatastore extends MemoryDatastore {
  readonly #keys = new Map<string, Key>()
  readonly #max: number

  /** `max` is how many entries are kept. */
  constructor(max: number) {
    super()
    this.#max = max
  }

  /** Entries kept now. */
  get size(): number {
    return this.#keys.size
  }

  override put(...[key, value, options]: Parameters<MemoryDatastore['put']>): ReturnType<MemoryDatastore['put']> {
    const name = key.toString()
    this.#keys.delete(name)
    this.#keys.set(name, key)
    const [oldest] = this.#keys.values()
    if (this.#keys.size > this.#max && oldest !== undefined) void this.delete(oldest)
    return super.put(key, value, options)
  }

  override delete(...[key, options]: Parameters<MemoryDatastore['delete']>): ReturnType<MemoryDatastore['delete']> {
    this.#keys.delete(key.toString())
    return super.delete(key, options)
  }
}
