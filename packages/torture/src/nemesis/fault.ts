import type { Field } from './field.js'

/** Something that goes wrong for a while. */
export interface Fault {
  readonly name: string
  /** Why this machine or this build can't have it; undefined when it can. A fault that can't be had is shown as skipped. */
  refusal(field: Field): Promise<string | undefined>
  /** Does it, waits, and heals it. `begin` says to what it is done, at the moment when it is. */
  strike(field: Field, begin: (what: string) => void): Promise<void>
}

/** A fault that any machine and any build can have. */
export const always = (): Promise<undefined> => Promise.resolve(undefined)
