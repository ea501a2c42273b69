import type { StatementPlan } from '../plan.js'
import type { TokenRange } from '../split.js'
import { omittedDefaults } from './complete-insert.js'
import { insertShapeOf } from './insert-shape.js'
import { alterActionOf, type KnownSchema } from './known-schema.js'
import { guardRowids } from './last-rowid.js'
import { encodeDefault, markerSql } from './marker.js'
import { resultColumnsOf } from './result-columns.js'
import { rewrite } from './rewrite.js'
import { type Source, sourceOf } from './source.js'
import { type ColumnDefinition, columnsOf, readColumn, readTableDefinition } from './table-definition.js'
import { refuse, strictPolicy, volatileDefaultOf } from './volatile.js'

/**
 * A definition as it may be stored: defaults that differ by time or call as markers, time values and
 * rowids in triggers, and time values in views, guarded.
 * The text itself when there is nothing to change.
 * @throws DbClusterError `NONDETERMINISTIC_SQL` for such constructs elsewhere
 */
export const defineDeterministically = (source: Source, plan: StatementPlan, schema: KnownSchema): string => {
  const whole = { from: 0, end: source.tokens.length }
  switch (plan.verb) {
    case 'CREATE TABLE': {
      const open = columnsOf(source)
      const columns = open === undefined ? [] : readTableDefinition(source, open).columns
      return withDefaults(source, columns)
    }
    case 'ALTER TABLE': {
      const { keyword, at } = alterActionOf(source)
      return withDefaults(source, keyword === 'ADD' ? [readColumn(source, { from: at, end: whole.end })] : [])
    }
    case 'CREATE TRIGGER':
      checkTriggerInserts(source, schema)
      return withGuardedRowids(rewrite(source, triggerPolicy(source), whole), schema)
    case 'CREATE INDEX':
      rewrite(source, strictPolicy('an index', INDEX_HINT), whole)
      return source.sql
    case 'CREATE VIEW': {
      const policy = strictPolicy('a view', VIEW_HINT)
      rewrite(source, policy, whole)
      return rewrite(source, { ...policy, lateNow: () => markerSql('time') }, whole, resultColumnsOf(source, false))
    }
    default:
      return source.sql
  }
}

const VIEW_HINT = 'a view may be read by a write: leave the condition on the time to the queries of the view'
const INDEX_HINT = 'index what the columns hold'

/** Everything between defaults must be deterministic; those that are not become markers. */
const withDefaults = (source: Source, columns: readonly ColumnDefinition[]): string => {
  const policy = strictPolicy(
    'CHECK constraints, generated columns and table options',
    'give the column a DEFAULT, or compute the value in the INSERT',
  )
  const pieces: string[] = []
  let from = 0
  const copy = (end: number): void => {
    const between = { from, end }
    rewrite(source, policy, between)
    pieces.push(source.sql.slice(source.tokens[from - 1]?.end ?? 0, source.tokens[end]?.start ?? source.sql.length))
  }
  for (const range of columns.flatMap(({ defaults }) => defaults)) {
    copy(range.from)
    const original = volatileDefaultOf(source, range)
    pieces.push(original === undefined ? source.slice(range) : encodeDefault(original))
    from = range.end
  }
  copy(source.tokens.length)
  return pieces.join('')
}

const TRIGGER_HINT = 'take the value from the row (NEW.created_at) that the node has written it into'

const triggerPolicy = (source: Source): ReturnType<typeof strictPolicy> =>
  strictPolicy('a trigger', TRIGGER_HINT, {
    lateNow: () => markerSql('time'),
    connection: (name, token, offset) => {
      if (followsWrite(source, token, name)) return
      const hint = 'use NEW.rowid, or let it follow an INSERT … VALUES in the trigger itself'
      refuse(`${name}() tells of what the connection did before`, hint, offset)
    },
  })

/** The row's own rowid is safe to pass on: whoever gave it to the row was looked at. */
const withGuardedRowids = (sql: string, schema: KnownSchema): string => {
  const source = sourceOf(sql)
  const own = schema.get(triggerTable(source))?.rowidNames ?? []
  const isSafe = ({ from, end }: TokenRange): boolean =>
    end - from === 3 && ['new', 'old'].includes(source.name(from)) && own.includes(source.name(from + 2))
  return guardRowids({ source, schema, isSafe }, bodyOf(source))
}

const triggerTable = (source: Source): string => {
  const on = source.tokens.findIndex((_, at) => source.keyword(at) === 'ON')
  return source.name(on + 1)
}

/** Whether a statement of the trigger's body before this token surely sets what the function tells. */
const followsWrite = (source: Source, token: number, name: string): boolean =>
  bodyOf(source).some((range) => {
    if (range.end > token) return false
    const shape = insertShapeOf(source, range)
    if (name === 'changes') return shape !== undefined || ['UPDATE', 'DELETE'].includes(source.keyword(range.from))
    return shape !== undefined && shape.orClause === '' && !shape.upsert && shape.rows.kind !== 'select'
  })

/** The statements between BEGIN and END. */
const bodyOf = (source: Source): readonly TokenRange[] => {
  const ranges: TokenRange[] = []
  let from = 0
  // The trigger itself may be called begin.
  while (from < source.tokens.length && source.keyword(from) !== 'ON') from++
  while (from < source.tokens.length && !isBodyBegin(source, from)) from++
  from += 1
  for (let at = from; at < source.tokens.length; at++) {
    if (source.type(at) !== 'semicolon') continue
    ranges.push({ from, end: at })
    from = at + 1
  }
  return ranges
}

const isBodyBegin = (source: Source, at: number): boolean =>
  source.keyword(at) === 'BEGIN' &&
  ['SELECT', 'VALUES', 'INSERT', 'REPLACE', 'UPDATE', 'DELETE', 'WITH'].includes(source.keyword(at + 1))

const checkTriggerInserts = (source: Source, schema: KnownSchema): void => {
  for (const range of bodyOf(source)) {
    const shape = insertShapeOf(source, range)
    const [omitted] = shape === undefined ? [] : omittedDefaults(shape, schema)
    if (shape === undefined || omitted === undefined) continue
    const what = `the trigger inserts into ${shape.table} and omits ${omitted.column}, whose default differs by time or call`
    refuse(what, TRIGGER_HINT, source.tokens[range.from]?.start ?? 0)
  }
}
