import { setTimeout as pause } from 'node:timers/promises'
import type { Client, Database } from '@dbcluster/client'

/** Clients that write until they are told to stop, and remember what was acknowledged. */
export interface Writers {
  /** Rows whose write was acknowledged, in no order. */
  readonly acknowledged: readonly number[]
  /** Codes of the errors that were seen. */
  readonly errors: ReadonlySet<string>
  /** Resolves when at least this many rows were acknowledged. */
  reached(count: number): Promise<void>
  /** Stops, and resolves when every write has ended. */
  stop(): Promise<void>
}

const GIVE_UP_MS = 4_000

/** Starts writers on `rows (n INTEGER PRIMARY KEY)`; no number is written twice. */
export const startWriters = async (clients: readonly Client[], database: string, each = 4): Promise<Writers> => {
  const handles = await Promise.all(clients.map((client) => client.database(database)))
  const acknowledged: number[] = []
  const errors = new Set<string>()
  const leaving = new AbortController()
  let next = 1
  const write = async (db: Database): Promise<void> => {
    while (!leaving.signal.aborted) {
      const n = next
      next += 1
      try {
        await db.execute('INSERT INTO rows VALUES (?)', [n], { timeoutMs: GIVE_UP_MS, signal: leaving.signal })
        acknowledged.push(n)
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
    reached: async (count) => {
      while (acknowledged.length < count) await pause(5, undefined, { signal: AbortSignal.timeout(20_000) })
    },
    stop: async () => {
      leaving.abort()
      await Promise.all(running)
    },
  }
}
