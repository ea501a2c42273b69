import { checkSqlValue, type SqlValue } from '@dbcluster/protocol/values'

/** A value as callers may give it. Booleans become 1 and 0. */
export type SqlInput = SqlValue | boolean | ArrayBuffer

/** Arguments: positional for `?` and `?NNN`, or by name, without the sigil, for `:n`, `@n` and `$n`. */
export type SqlInputArgs = readonly SqlInput[] | Readonly<Record<string, SqlInput>>

/** Checks one value. @throws TypeError for `undefined` @throws DbClusterError `INVALID_VALUE` for NaN, dates, objects … */
export const toSqlValue = (value: unknown, where: string): SqlValue => {
  if (value === undefined) throw new TypeError(`${where} is undefined; pass null for NULL`)
  return checkSqlValue(value, where)
}
