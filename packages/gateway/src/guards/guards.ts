import { DbClusterError } from '@dbcluster/protocol'

/** How much of a gateway the holders of one credential may take. It is not checked here: forged ones are counted too. */
export interface GuardsConfig {
  /** Requests of one credential that are under way at once. */
  readonly keyConcurrency: number
  /** Bytes of bodies and unread answers, all together. */
  readonly bufferedMaxBytes: number
}

/** One request while it is under way. */
export interface Visit {
  /** Counts bytes of its body in. @throws DbClusterError `OVERLOADED`, `RATE_LIMITED` */
  hold(bytes: number): void
  /**
   * Counts bytes of its answer in, which is there already; the returned function counts them out, once. One that is not
   * small is let go where others wait to be read and there is no room: many that come at once must not all stay.
   * @throws DbClusterError `OVERLOADED`, `RATE_LIMITED`
   */
  holdAnswer(bytes: number): () => void
  /** Ends it: what `hold` counted is free. Idempotent. */
  leave(): void
}

interface Usage {
  visits: number
  bytes: number
}

/** One credential's share of the buffers: a few that never read leave room for everybody else. */
const SHARES = 4
/** Answers up to this size are always given: letting one go would save less than it costs to ask again. */
const SMALL_BYTES = 64 * 1024
const RETRY_AT_ONCE_SECONDS = 0.1
const RETRY_FULL_SECONDS = 1

/** Keeps a gateway's memory, and one credential's part of it, within bounds. What is beyond is refused before it is read. */
export class Guards {
  readonly #config: GuardsConfig
  readonly #usages = new Map<string, Usage>()
  #bytes = 0

  constructor(config: GuardsConfig) {
    this.#config = config
  }

  /** Bytes held now, for metrics. */
  get bufferedBytes(): number {
    return this.#bytes
  }

  /** @throws DbClusterError `CONCURRENCY_LIMITED`, `RATE_LIMITED`, `OVERLOADED` */
  enter(credential: string): Visit {
    const usage = this.#usages.get(credential) ?? { visits: 0, bytes: 0 }
    const { keyConcurrency } = this.#config
    if (usage.visits >= keyConcurrency) {
      throw new DbClusterError(
        'CONCURRENCY_LIMITED',
        `${keyConcurrency} requests of this credential are under way here`,
        {
          hint: 'wait for answers before you send more',
          details: { limit: keyConcurrency, remaining: 0, retry_after: RETRY_AT_ONCE_SECONDS },
        },
      )
    }
    this.#checkAll(0)
    this.#checkShare(usage, 0)
    usage.visits += 1
    this.#usages.set(credential, usage)
    let held = 0
    let left = false
    const count = (bytes: number): void => {
      usage.bytes += bytes
      this.#bytes += bytes
      if (usage.visits === 0 && usage.bytes === 0) this.#usages.delete(credential)
    }
    return {
      hold: (bytes) => {
        this.#checkAll(bytes)
        this.#checkShare(usage, bytes)
        held += bytes
        count(bytes)
      },
      holdAnswer: (bytes) => {
        // With nothing beside it, it may be as large as it is: otherwise a large answer could never be given.
        if (bytes > SMALL_BYTES && this.#bytes > held) this.#checkAll(bytes)
        if (bytes > SMALL_BYTES && usage.bytes > held) this.#checkShare(usage, bytes)
        count(bytes)
        let freed = false
        return () => {
          if (freed) return
          freed = true
          count(-bytes)
        }
      },
      leave: () => {
        if (left) return
        left = true
        usage.visits -= 1
        count(-held)
      },
    }
  }

  #checkAll(more: number): void {
    const { bufferedMaxBytes } = this.#config
    if (this.#bytes + more <= bufferedMaxBytes) return
    throw new DbClusterError('OVERLOADED', `the gateway holds ${bufferedMaxBytes} bytes of bodies and unread answers`, {
      hint: 'try again in a moment, or ask another gateway',
      details: { retry_after: RETRY_FULL_SECONDS },
    })
  }

  #checkShare(usage: Usage, more: number): void {
    const share = Math.floor(this.#config.bufferedMaxBytes / SHARES)
    if (usage.bytes + more <= share) return
    throw new DbClusterError('RATE_LIMITED', `this credential has ${share} bytes of bodies and unread answers here`, {
      hint: 'read the answers, send fewer large bodies at once',
      details: { limit_bytes: share, retry_after: RETRY_FULL_SECONDS },
    })
  }
}
