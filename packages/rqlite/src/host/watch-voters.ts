import { setTimeout as pause } from 'node:timers/promises'
import type { RqliteClient } from '../client/rqlite-client.js'

/** How often Raft's configuration is looked at while a cluster gathers; creation waits for the outcome. */
const LOOK_EVERY_MS = 15

/** Waits until Raft's configuration holds this many voters; undefined when the signal ended it. */
export const watchVoters = async (
  client: RqliteClient,
  wanted: number,
  signal: AbortSignal,
): Promise<number | undefined> => {
  while (!signal.aborted) {
    const view = await client.status({ signal, timeoutMs: 2_000 }).catch(() => undefined)
    // The list is that of the newest configuration in the log: sure is only what the leader has committed.
    const isCommitted = view?.isLeader === true && view.commitIndex === view.lastLogIndex
    if (isCommitted && view.voters.length >= wanted) return view.voters.length
    await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
  return undefined
}
