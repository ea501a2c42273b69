import { setTimeout as pause } from 'node:timers/promises'
import type { Fault } from './fault.js'
import type { Field } from './field.js'

/** Peace between two faults: long enough now and then for everything to recover. */
const PEACE_MIN_MS = 300
const PEACE_MAX_MS = 2_500

/** Does one fault after the other, all of them in every round, until the signal. Which and when comes from the seed. */
export const torment = async (field: Field, faults: readonly Fault[], signal: AbortSignal): Promise<void> => {
  const skipped = new Set<Fault>()
  while (!signal.aborted) {
    const round = field.random.shuffle(faults.filter((fault) => !skipped.has(fault)))
    for (const fault of round) {
      await pause(field.random.integer(PEACE_MIN_MS, PEACE_MAX_MS))
      if (signal.aborted) return
      const refusal = await fault.refusal(field)
      if (refusal === undefined) await once(field, fault)
      else {
        skipped.add(fault)
        field.skip(fault.name, refusal)
      }
    }
    if (round.length === 0) return
  }
}

const once = async (field: Field, fault: Fault): Promise<void> => {
  let begun: string | undefined
  try {
    await fault.strike(field, (what) => {
      begun = what
      field.begin(fault.name, what)
    })
  } catch (error) {
    field.problem(`${fault.name}: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    if (begun !== undefined) field.end(fault.name, begun)
  }
}
