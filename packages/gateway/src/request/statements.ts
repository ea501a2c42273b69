import { DbClusterError, fromJsonValue, LIMITS, type Operation, type SqlValue } from '@dbcluster/protocol'

/** A statement as it goes to the nodes. */
export type WireStatement = Extract<Operation, { readonly op: 'execute' }>['statement']

/** A statement as it comes in. */
export interface StatementInput {
  readonly sql: string
  readonly args?: unknown
  readonly assert?: boolean
}

/**
 * Turns a statement's arguments into values. `where` is its path in the request, `''` for the request itself.
 * @throws DbClusterError `INVALID_VALUE`, `INVALID_REQUEST` or `SQL_TOO_LARGE`
 */
export const toStatement = ({ sql, args, assert }: StatementInput, where: string): WireStatement => ({
  sql: checkSql(sql, where === '' ? 'sql' : `${where}.sql`),
  ...(args === undefined ? {} : { args: toArgs(args, where === '' ? 'args' : `${where}.args`) }),
  ...(assert === undefined ? {} : { assert }),
})

/** The statements of a batch or transaction; text alone is a statement without arguments. */
export const toStatements = (queries: readonly (string | StatementInput)[]): WireStatement[] =>
  queries.map((query, at) => toStatement(typeof query === 'string' ? { sql: query } : query, `queries[${at}]`))

/** @throws DbClusterError `INVALID_REQUEST` when empty, `SQL_TOO_LARGE` when over the bound */
export const checkSql = (sql: string, where: string): string => {
  if (sql.trim() === '') throw new DbClusterError('INVALID_REQUEST', `${where} must not be empty`, { hint: 'send SQL' })
  if (Buffer.byteLength(sql) > LIMITS.sqlBytes) {
    throw new DbClusterError('SQL_TOO_LARGE', `${where} is larger than ${LIMITS.sqlBytes} bytes`, {
      hint: 'bind large values as args, or split the statement',
    })
  }
  return sql
}

const toArgs = (args: unknown, where: string): NonNullable<WireStatement['args']> => {
  if (Array.isArray(args)) return args.map((value, at) => fromJsonValue(value, `${where}[${at}]`))
  const named = Object.entries(args as object).map(([name, value]): [string, SqlValue] => {
    if (/^[:@$]/.test(name)) {
      throw new DbClusterError('INVALID_VALUE', `${where} has an argument named ${JSON.stringify(name.slice(0, 60))}`, {
        hint: `name it without the sigil: ${JSON.stringify(name.slice(1, 60))}`,
      })
    }
    return [name, fromJsonValue(value, `${where}.${name.slice(0, 60)}`)]
  })
  if (named.length > LIMITS.parameters) {
    throw new DbClusterError('INVALID_REQUEST', `${where} has more than ${LIMITS.parameters} entries`)
  }
  return Object.fromEntries(named)
}
