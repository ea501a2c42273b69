import { checkSqlValue, DbClusterError, type SqlArgs, type SqlValue } from '@dbcluster/protocol'
import { isIdentifierPart } from './char-classes.js'
import { blobLiteral, textLiteral } from './literal.js'
import type { StatementPlan } from './plan.js'

/** How the rqlited at hand takes values that JSON has no form for. */
export interface BindEncoding {
  /** `array`: it takes blobs as arrays of bytes. `inline`: it does not, they are written into the statement. */
  readonly blobs: 'inline' | 'array'
  /** `inline`: it makes a blob of a text shaped like `x'00'`, so such texts are written into the statement. */
  readonly hexText: 'inline' | 'plain'
}

/** A parameter as it goes to rqlite in JSON; bigints as exact JSON numbers. */
export type WireParameter = null | number | bigint | string | readonly number[]

/** A statement ready to be sent. */
export interface BoundStatement {
  readonly sql: string
  /** Positional, in SQLite's numbering of `sql`. */
  readonly params: readonly WireParameter[]
}

/**
 * Puts arguments to a statement's parameters. The text stays as it is, and the parameters go in SQLite's own order,
 * unless a value must be written into the text: then each placeholder becomes a literal or a `?` of its own.
 * @throws DbClusterError `INVALID_VALUE` for too few, too many, missing or unused arguments, and for values that SQLite
 * cannot hold
 */
export const bind = (plan: StatementPlan, args: SqlArgs | undefined, encoding: BindEncoding): BoundStatement => {
  const values = argumentValues(plan, args)
  if (!values.some((value) => isInlined(value, encoding))) {
    return { sql: plan.sql, params: values.map(toWire) }
  }
  return inlined(plan, values, encoding)
}

/** The checked value of each parameter, by its number less one. @throws DbClusterError `INVALID_VALUE` as {@link bind} does */
export const argumentValues = (plan: StatementPlan, args: SqlArgs = []): readonly SqlValue[] => {
  const { parameters } = plan
  if (!isPositional(args)) return valuesByName(plan, args)
  if (args.length !== parameters.count) {
    const expected = parameters.count === 1 ? '1 argument' : `${parameters.count} arguments`
    throw new DbClusterError('INVALID_VALUE', `the statement takes ${expected}, ${args.length} given`, {
      hint: 'pass one argument per placeholder; ?NNN and repeated names count once, ?5 alone counts 5',
      details: { expected: parameters.count, given: args.length },
    })
  }
  return args.map((value, at) => checkSqlValue(value, `args[${at}]`))
}

const isPositional = (args: SqlArgs): args is readonly SqlValue[] => Array.isArray(args)

const valuesByName = (plan: StatementPlan, args: Readonly<Record<string, SqlValue>>): readonly SqlValue[] => {
  const { count, names, uses } = plan.parameters
  const values: (SqlValue | undefined)[] = new Array(count)
  const missing: string[] = []
  const used = new Set<string>()
  for (const [name, parameter] of names) {
    const key = name.slice(1)
    if (Object.hasOwn(args, key)) {
      used.add(key)
      values[parameter - 1] = checkSqlValue(args[key], `args.${key}`)
    } else missing.push(name)
  }
  if (missing.length > 0) throw namesError('missing', missing, 'pass a value for each name, the key without its sigil')
  const unused = Object.keys(args).filter((key) => !used.has(key))
  if (unused.length > 0) throw namesError('unused', unused, 'keys are names of the statement, without : @ or $')
  const named = new Set(names.values())
  const nameless = uses.find(({ parameter }) => !named.has(parameter))
  if (nameless !== undefined) {
    const text = plan.sql.slice(nameless.start, nameless.end)
    throw namesError('missing', [text], '? and ?NNN have no name: pass an array of arguments')
  }
  return Array.from(values, (value) => value ?? null)
}

const SHOWN_NAMES = 10

const namesError = (what: 'missing' | 'unused', names: readonly string[], hint: string): DbClusterError => {
  const some = names.slice(0, SHOWN_NAMES).map((name) => name.slice(0, 64))
  const more = names.length > SHOWN_NAMES ? `, and ${names.length - SHOWN_NAMES} more` : ''
  return new DbClusterError('INVALID_VALUE', `${what} arguments: ${some.join(', ')}${more}`, { hint })
}

/** The shape that newer rqlite versions take for a blob; wider than theirs, which costs nothing. */
const HEX_SHAPED = /^[xX]'.*'$/s

const isInlined = (value: SqlValue, encoding: BindEncoding): boolean =>
  value instanceof Uint8Array
    ? encoding.blobs === 'inline'
    : typeof value === 'string' && encoding.hexText === 'inline' && HEX_SHAPED.test(value)

const toWire = (value: SqlValue): WireParameter => (value instanceof Uint8Array ? Array.from(value) : value)

const inlined = (plan: StatementPlan, values: readonly SqlValue[], encoding: BindEncoding): BoundStatement => {
  const params: WireParameter[] = []
  let sql = ''
  let from = 0
  for (const { start, end, parameter } of plan.parameters.uses) {
    const value = values[parameter - 1] ?? null
    sql += plan.sql.slice(from, start)
    if (value instanceof Uint8Array && isInlined(value, encoding)) sql += ` ${blobLiteral(value)} `
    else if (typeof value === 'string' && isInlined(value, encoding)) sql += ` ${textLiteral(value)} `
    else {
      params.push(toWire(value))
      // `$a(b)1` is a parameter and an alias; `?1` would be another parameter.
      sql += isIdentifierPart(plan.sql.charCodeAt(end)) ? '? ' : '?'
    }
    from = end
  }
  return { sql: sql + plan.sql.slice(from), params }
}
