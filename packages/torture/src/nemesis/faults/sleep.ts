import { setTimeout as pause } from 'node:timers/promises'
import type { Fault } from '../fault.js'
import { hibernate, noHibernation } from '../features.js'

/** Refusals that say "not now", as they may under load. */
const NOT_NOW: ReadonlySet<number> = new Set([0, 409, 503, 504])

/** Databases are sent to sleep again and again while everybody goes on using them: queries hold or cancel it. */
export const sleepUnderLoad: Fault = {
  name: 'sleep-under-load',
  refusal: noHibernation,
  strike: async (field, begin) => {
    const database = field.random.pick(field.databases)
    begin(database)
    for (let count = field.random.integer(3, 6); count > 0; count -= 1) {
      const status = await hibernate(field, database)
      if (status !== 200 && !NOT_NOW.has(status)) field.problem(`hibernate of ${database} answered ${status}`)
      await pause(field.random.integer(0, 800))
    }
  },
}

/** A database is left alone until it sleeps; then all come back at once. */
export const lull: Fault = {
  name: 'lull',
  refusal: noHibernation,
  strike: async (field, begin) => {
    const database = field.random.pick(field.databases)
    begin(database)
    field.load.rest(database)
    try {
      await pause(field.random.integer(5_000, 9_000))
    } finally {
      field.load.resume(database)
    }
    await pause(1_000)
  },
}
