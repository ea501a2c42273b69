import type { SqlArgs, SqlValue } from '@dbcluster/protocol'
import { asciiLower, nameOf } from '../identifier.js'
import type { StatementPlan } from '../plan.js'
import type { TokenRange } from '../split.js'
import { insertShapeOf } from './insert-shape.js'
import type { KnownSchema } from './known-schema.js'
import { type Source, splitAtCommas } from './source.js'
import { refuse } from './volatile.js'

const LAST = 9_223_372_036_854_775_807n
/** How it can stand in a text. */
const LAST_TEXT = /9_?2_?2_?3_?3_?7_?2_?0_?3_?6_?8_?5_?4_?7_?7_?5_?8_?0_?7|0x0*7(?:_?f){15}/i

const isLast = (value: SqlValue): boolean => value === LAST || (typeof value === 'string' && LAST_TEXT.test(value))

/** Whether the largest rowid there is occurs in a statement or its arguments at all. */
export const mentionsLastRowid = ({ sql }: StatementPlan, args: SqlArgs | undefined): boolean =>
  LAST_TEXT.test(sql) || (args !== undefined && Object.values(args).some(isLast))

/**
 * Refuses to store the largest rowid where SQLite chooses rowids by itself: once it is taken, SQLite takes random ones,
 * others on each replica (https://sqlite.org/autoinc.html). Looks at values that stand in VALUES or behind SET by
 * themselves.
 * @throws DbClusterError `NONDETERMINISTIC_SQL`
 */
export const refuseLastRowid = (
  source: Source,
  plan: StatementPlan,
  schema: KnownSchema,
  valueAt: (token: number) => SqlValue,
): void => {
  const table = schema.get(asciiLower(plan.target ?? ''))
  if (table === undefined || table.rowidNames.length === 0) return
  const check = (name: string, { from, end }: TokenRange): void => {
    if (end - from !== 1 || !table.rowidNames.includes(name)) return
    const token = source.tokens[from]
    if (token === undefined) return
    const value =
      token.type === 'variable'
        ? valueAt(from)
        : token.type === 'string'
          ? nameOf(source.sql, token)
          : source.text(from)
    if (isLast(value)) refuse(`${LAST} as a rowid makes SQLite choose the next ones at random`, HINT, token.start)
  }
  const shape = insertShapeOf(source, { from: 0, end: source.tokens.length })
  if (shape !== undefined && shape.rows.kind === 'values') {
    for (const { open, close } of shape.rows.rows) {
      const values = splitAtCommas(source, { from: open + 1, end: close })
      for (const [at, value] of values.entries()) check((shape.columns?.names ?? table.columns)[at] ?? '', value)
    }
  }
  for (let at = 0; at < source.tokens.length; at++) {
    const isAssignment =
      source.text(at + 1) === '=' && (source.keyword(at - 1) === 'SET' || source.type(at - 1) === 'comma')
    if (isAssignment) check(source.name(at), { from: at + 2, end: at + 3 })
  }
}

const HINT = 'take another number, or declare the key INTEGER PRIMARY KEY AUTOINCREMENT'
