import { DbClusterError, type KeyRecord } from '@dbcluster/protocol'

interface KeyAsk {
  readonly resolve: (record: KeyRecord) => void
  readonly reject: (error: DbClusterError) => void
}

/** Writes of API keys that wait until they are on disk. */
export class KeyAsks {
  readonly #open = new Map<string, KeyAsk>()
  #count = 0

  /** Starts one; `dispatch` gets its id. */
  begin(dispatch: (askId: string) => void): Promise<KeyRecord> {
    this.#count += 1
    const askId = `key-${this.#count}`
    return new Promise<KeyRecord>((resolve, reject) => {
      this.#open.set(askId, { resolve, reject })
      dispatch(askId)
    }).finally(() => this.#open.delete(askId))
  }

  answer(askId: string, record: KeyRecord): void {
    this.#open.get(askId)?.resolve(record)
  }

  /** Ends all that are under way. */
  fail(error: DbClusterError): void {
    for (const { reject } of [...this.#open.values()]) reject(error)
  }
}

/** This node may not write metadata: it is no member. */
export const keysNotAdmitted = (): DbClusterError =>
  new DbClusterError('NOT_ADMITTED', 'this node cannot change API keys: it is not yet admitted to its network', {
    hint: 'ask another node, or wait until it has reached one of discovery.bootstrap_peers',
  })
