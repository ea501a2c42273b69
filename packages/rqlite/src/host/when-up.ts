import type { ReplicaProcess } from '../process/replica-process.js'
import type { ReplicaPhase } from '../process/supervisor-machine.js'

/** A process that has not answered by then lets others have their turn. */
const TURN_LIMIT_MS = 3_000
const ON_ITS_WAY: ReadonlySet<ReplicaPhase> = new Set(['launching', 'starting'])

/**
 * Resolves when the costly part of a start is over: rqlited answers, or it failed, or it has had its time. That it is
 * ready is not waited for: for that others must start too, maybe here.
 */
export const whenUp = (process: ReplicaProcess): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      stopListening()
      resolve()
    }
    const timer = setTimeout(end, TURN_LIMIT_MS)
    const stopListening = process.onStateChanged(({ phase, answered }) => {
      if (answered || !ON_ITS_WAY.has(phase)) end()
    })
  })
