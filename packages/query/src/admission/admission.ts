import { DbClusterError, type Principal, type RateState } from '@dbcluster/protocol'
import { RateLimiter } from './rate-limiter.js'

/** How much of a node one credential, and one database, may take; the section `limits` of its configuration. */
export interface AdmissionLimits {
  /** Requests a second of one credential on this node; 0: any number. */
  readonly keyRatePerSecond: number
  /** Requests of one credential that this node works on at once. */
  readonly keyConcurrency: number
  /** Requests a second to one database on this node; 0: any number. */
  readonly databaseRatePerSecond: number
  /** Requests to one database that this node works on at once. */
  readonly databaseConcurrency: number
  /** Databases of one app; 0: any number. */
  readonly databasesPerApp: number
}

/** What a node allows that was told nothing else. */
export const DEFAULT_ADMISSION_LIMITS: AdmissionLimits = {
  keyRatePerSecond: 10_000,
  keyConcurrency: 200,
  databaseRatePerSecond: 0,
  databaseConcurrency: 1_000,
  databasesPerApp: 10_000,
}

/** A request that was let in. */
export interface Admitted {
  /** What the credential has left. */
  readonly rate: RateState | undefined
  /** Counts it out, once. */
  leave(): void
}

/** What is asked to be let in. */
export interface Entrant {
  readonly principal: Principal
  /** Internal name of the database, if it is about one. */
  readonly name: string | undefined
  /** 0 where the application asked: its credential is counted there and nowhere else. */
  readonly hops: number
}

/** What is counted as one caller: a key, or the holders of tokens for one subject. */
export const callerOf = ({ app, subject }: Principal): string => `${app}/${subject}`

/** A refusal for too many at once: when to come again, in seconds. */
const RETRY_AT_ONCE_SECONDS = 0.1

/**
 * Lets requests in while their credential and their database stay within their limits, so that a flood of one leaves room
 * for the others. What is beyond is refused at once: a queue would fill with the flood. Counted per node.
 */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #keyRate: RateLimiter | undefined
  readonly #databaseRate: RateLimiter | undefined
  readonly #running = new Map<string, number>()

  constructor(limits: AdmissionLimits, nowMs: () => number) {
    this.#limits = limits
    this.#keyRate = limits.keyRatePerSecond === 0 ? undefined : new RateLimiter(limits.keyRatePerSecond, nowMs)
    this.#databaseRate =
      limits.databaseRatePerSecond === 0 ? undefined : new RateLimiter(limits.databaseRatePerSecond, nowMs)
  }

  /** @throws DbClusterError `RATE_LIMITED` or `CONCURRENCY_LIMITED`, with the figures in `details` */
  enter({ principal, name, hops }: Entrant): Admitted {
    const key = hops === 0 ? `key/${callerOf(principal)}` : undefined
    const database = name === undefined ? undefined : `database/${name}`
    if (key !== undefined) this.#checkRunning(key, this.#limits.keyConcurrency, 'credential')
    if (database !== undefined) this.#checkRunning(database, this.#limits.databaseConcurrency, 'database')
    const rate = key === undefined ? undefined : take(this.#keyRate, key, 'credential')
    if (database !== undefined) take(this.#databaseRate, database, 'database')
    const entered = [key, database].filter((counted) => counted !== undefined)
    for (const counted of entered) this.#running.set(counted, (this.#running.get(counted) ?? 0) + 1)
    let left = false
    return {
      rate,
      leave: () => {
        if (left) return
        left = true
        for (const counted of entered) this.#leave(counted)
      },
    }
  }

  #leave(counted: string): void {
    const count = (this.#running.get(counted) ?? 1) - 1
    if (count > 0) this.#running.set(counted, count)
    else this.#running.delete(counted)
  }

  #checkRunning(counted: string, limit: number, of: 'credential' | 'database'): void {
    if ((this.#running.get(counted) ?? 0) < limit) return
    throw new DbClusterError('CONCURRENCY_LIMITED', `${limit} requests of this ${of} are under way on this node`, {
      hint: 'wait for answers before you send more',
      details: { of, limit, remaining: 0, retry_after: RETRY_AT_ONCE_SECONDS },
    })
  }
}

const take = (
  limiter: RateLimiter | undefined,
  caller: string,
  of: 'credential' | 'database',
): RateState | undefined => {
  if (limiter === undefined) return undefined
  const { state, waitMs } = limiter.take(caller)
  if (waitMs === 0) return state
  throw new DbClusterError('RATE_LIMITED', `this ${of} has had its ${state.limit} requests a second on this node`, {
    hint: 'send it again after the time in retry_after',
    details: {
      of,
      limit: state.limit,
      remaining: state.remaining,
      reset: state.resetSeconds,
      retry_after: Math.ceil(waitMs) / 1_000,
    },
  })
}
