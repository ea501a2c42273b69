import { refusal } from '../refusals.js'
import type { TokenRange } from '../split.js'
import { originalDefault } from './marker.js'
import type { Policy } from './policy.js'
import { rewrite } from './rewrite.js'
import { type Source, sourceOf } from './source.js'

/** What a definition must not contain, for an error message. */
export const refuse = (what: string, hint: string, offset: number): never => {
  throw refusal('NONDETERMINISTIC_SQL', what, hint, offset)
}

/** A policy for texts without parameters that refuses everything; `over` says what it lets pass. */
export const strictPolicy = (where: string, hint: string, over: Partial<Policy> = {}): Policy => {
  const no = (what: string, offset: number): never =>
    refuse(`${what} differs by time and replica, and is not allowed in ${where}`, hint, offset)
  return {
    now: (keyword, offset) => no(keyword === 'now' ? "'now'" : keyword.toUpperCase(), offset),
    lateNow: () => undefined,
    random: (_, offset) => no('random()', offset),
    randomBlob: (_, __, offset) => no('randomblob()', offset),
    connection: (name, _, offset) => no(`${name}()`, offset),
    replica: no,
    parameterForm: () => undefined,
    parameterInteger: () => undefined,
    parameterAgain: () => '?',
    ...over,
  }
}

/**
 * Whether a default's value differs by time or call. A time value that isn't a plain literal counts as one that does.
 * @throws DbClusterError `NONDETERMINISTIC_SQL` for what could not be written in at an INSERT either
 */
export const isVolatileDefault = (source: Source, range: TokenRange): boolean => {
  let found = false
  const seen = (): string => {
    found = true
    return 'NULL'
  }
  const policy = strictPolicy('a default', 'the node cannot put a value of its own in its place', {
    now: seen,
    lateNow: seen,
    random: seen,
    randomBlob: (_, size, offset) =>
      size === undefined ? refuse('randomblob() of no plain number', 'write randomblob(16)', offset) : seen(),
  })
  rewrite(source, policy, range)
  return found
}

/** The expression whose value belongs into a row that omits the column; undefined where SQLite's own default does. */
export const volatileDefaultOf = (source: Source, range: TokenRange): string | undefined => {
  const original = originalOf(source, range)
  if (original === undefined) return isVolatileDefault(source, range) ? source.slice(range) : undefined
  const decoded = sourceOf(original)
  return isVolatileDefault(decoded, { from: 0, end: decoded.tokens.length }) ? original : undefined
}

/** A default that came in its stored form, as a copy of a schema has it. */
const originalOf = (source: Source, { from, end }: TokenRange): string | undefined =>
  source.type(from) === 'lparen' ? originalDefault(source.slice({ from: from + 1, end: end - 1 })) : undefined
