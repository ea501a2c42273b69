import { type SqlInput, toSqlValue } from './sql-values.js'
import type { WireStatement } from './transport.js'

/**
 * A piece of SQL whose values are bound, never written into the text. Made by {@link sql} alone: an object that merely
 * looks like one, from a request body for instance, is not taken for SQL.
 */
export class SqlFragment {
  readonly sql: string
  readonly args: readonly SqlInput[]
  /** In a transaction: its first value must be true, or everything is rolled back. */
  readonly assert: boolean
  readonly #genuine = true

  private constructor(text: string, args: readonly SqlInput[], assert: boolean) {
    this.sql = text
    this.args = args
    this.assert = assert
  }

  /** @internal */
  static make(text: string, args: readonly SqlInput[], assert = false): SqlFragment {
    return new SqlFragment(text, args, assert)
  }

  /** Whether a value was made by {@link sql}. */
  static is(value: unknown): value is SqlFragment {
    return typeof value === 'object' && value !== null && #genuine in value
  }

  /** As it is sent. */
  toStatement(): WireStatement {
    return {
      sql: this.sql,
      ...(this.args.length === 0 ? {} : { args: this.args.map((value, at) => toSqlValue(value, `value ${at + 1}`)) }),
      ...(this.assert ? { assert: true } : {}),
    }
  }
}

/** What `${…}` takes: a value, which is bound, or another fragment, which is put in with its values. */
export type SqlInterpolation = SqlInput | SqlFragment

const tag = (strings: TemplateStringsArray, ...values: readonly SqlInterpolation[]): SqlFragment => {
  if (!Array.isArray(strings) || !Array.isArray(strings.raw)) {
    throw new TypeError('sql is a template tag: write sql`SELECT …`, never sql(text)')
  }
  const args: SqlInput[] = []
  let text = strings[0] ?? ''
  values.forEach((value, at) => {
    if (SqlFragment.is(value)) {
      if (value.assert)
        throw new TypeError('sql.assert(…) is a statement of its own in a transaction, not a part of one')
      text += value.sql
      args.push(...value.args)
    } else {
      toSqlValue(value, `value ${at + 1}`)
      text += '?'
      args.push(value)
    }
    text += strings[at + 1] ?? ''
  })
  return SqlFragment.make(text, args)
}

const READ = /^\s*(?:select|with|values)\b/i

const assert = (condition: SqlFragment): SqlFragment => {
  if (!SqlFragment.is(condition)) throw new TypeError('sql.assert takes a fragment: sql.assert(sql`EXISTS(SELECT …)`)')
  const text = READ.test(condition.sql) ? condition.sql : `SELECT ${condition.sql}`
  return SqlFragment.make(text, condition.args, true)
}

/**
 * Makes a statement from a template; what stands in `${…}` is only ever bound.
 *
 * `sql.assert(condition)` makes a statement of a transaction that rolls everything back unless the condition holds.
 * @throws TypeError for `undefined`, or when not used as a template tag
 */
export const sql = Object.assign(tag, { assert })
