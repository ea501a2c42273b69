import type { NowForm } from './now.js'

/** What to do with each kind of construct; a function that throws refuses it. Offsets are of tokens' starts. */
export interface Policy {
  /** A construct that surely means now: the SQL that stands for it. */
  now(keyword: string, offset: number): string
  /** What replaces a time value that turns out to mean now, or undefined to leave such time values alone. */
  lateNow(): string | undefined
  /** `random()`, as SQL. */
  random(token: number, offset: number): string
  /** `randomblob(n)`, as SQL; `size` undefined when it is not known before it runs. */
  randomBlob(token: number, size: number | undefined, offset: number): string
  /** A function of the connection's past. */
  connection(name: string, token: number, offset: number): void
  /** What tells of the replica itself. */
  replica(name: string, offset: number): void
  /** The form of a parameter's value as a time value; undefined where it does not mean now. */
  parameterForm(token: number): NowForm | undefined
  /** An integer that is a parameter's value. */
  parameterInteger(token: number): number | undefined
  /** The parameter once more, by its number. */
  parameterAgain(token: number): string
}
