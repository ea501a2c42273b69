import { setTimeout as pause } from 'node:timers/promises'
import type { Client, Database } from '@dbcluster/client'

/** Clients that write until they are told to stop, and remember what was acknowledged. */
export interface Writers {
  /** Rows whose write was acknowledged, in no order. */
  readonly acknowledged: readonly number[]
  /** Codes of the errors that were seen. */
  readonly errors: ReadonlySet<string>
  /** The longest time between two acknowledgements so far, in milliseconds. */
  readonly longestPauseMs: number
  /** Resolves when at least this many rows were acknowledged. */
  reached(count: number): Promise<void>
  /** Stops, and resolves when every write has ended. */
  stop(): Promise<void>
}

const GIVE_UP_MS = 4_000

/** Starts writers on `rows (n INTEGER PRIMARY KEY)`; no number is written twice. @param first the lowest number */
export const startWriters = async (
  clients: readonly Client[],
  database: string,
  each = 4,
  first = 1,
): Promise<Writers> => {
  const handles = await Promise.all(clients.map((client) => client.database(database)))
  const acknowledged: number[] = []
  const errors = new Set<string>()
  const leaving = new AbortController()
  let next = first
  let longestPauseMs = 0
  let lastMs = performance.now()
  const write = async (db: Database): Promise<void> => {
    while (!leaving.signal.aborted) {
      const n = next
      next += 1
      try {
        await db.execute('INSERT INTO rows VALUES (?)', [n], { timeoutMs: GIVE_UP_MS, signal: leaving.signal })
        acknowledged.push(n)
        const nowMs = performance.now()
        longestPauseMs = Math.max(longestPauseMs, nowMs - lastMs)
        lastMs = nowMs
      } catch (error) {
        errors.add((error as { readonly code?: string }).code ?? String(error))
        await pause(5)
      }
    }
  }
  const running = handles.flatMap((db) => Array.from({ length: each }, () => write(db)))
  return {
    acknowledged,
    errors,
    get longestPauseMs() {
      return longestPauseMs
    },
    reached: async (count) => {
      while (acknowledged.length < count) await pause(5, undefined, { signal: AbortSignal.timeout(20_000) })
    },
    stop: async () => {
      leaving.abort()
      await Promise.all(running)
    },
  }
}
