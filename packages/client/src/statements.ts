import { DbClusterError } from '@dbcluster/protocol/errors'
import { SqlFragment } from './sql.js'
import { type SqlInput, type SqlInputArgs, toSqlValue } from './sql-values.js'
import type { WireStatement } from './transport.js'

/** A statement of a batch or transaction: text, text with arguments, or what the `sql` tag made. */
export type StatementInput =
  | string
  | SqlFragment
  | readonly [sql: string, args?: SqlInputArgs]
  | { readonly sql: string; readonly args?: SqlInputArgs; readonly assert?: boolean }

/** Makes a statement of what the caller gave. @throws TypeError for something that is no statement */
export const toStatement = (input: StatementInput, args?: SqlInputArgs, where = 'the statement'): WireStatement => {
  if (SqlFragment.is(input)) {
    if (args !== undefined) throw new TypeError(`${where} comes from the sql tag and carries its values already`)
    return input.toStatement()
  }
  if (typeof input === 'string') return build({ sql: input, args }, where)
  if (isPair(input)) return build({ sql: input[0], args: input[1] }, where)
  if (typeof input === 'object' && input !== null) return build(input, where)
  throw new TypeError(`${where} is no SQL: pass a text, [text, args], { sql, args } or sql\`…\``)
}

/** Makes the statements of a batch or transaction. */
export const toStatements = (inputs: readonly StatementInput[]): WireStatement[] => {
  if (!Array.isArray(inputs)) throw new TypeError('pass an array of statements')
  if (inputs.length === 0) throw new DbClusterError('INVALID_REQUEST', 'there is no statement in the array')
  return inputs.map((input: StatementInput, at) => toStatement(input, undefined, `statement ${at}`))
}

const isPair = (input: StatementInput): input is readonly [string, SqlInputArgs?] => Array.isArray(input)

interface Parts {
  readonly sql: unknown
  readonly args?: SqlInputArgs | undefined
  readonly assert?: boolean
}

const build = ({ sql, args, assert }: Parts, where: string): WireStatement => {
  if (typeof sql !== 'string') throw new TypeError(`${where} has no SQL text`)
  return {
    sql,
    ...(args === undefined ? {} : { args: toArgs(args, where) }),
    ...(assert === undefined ? {} : { assert }),
  }
}

const toArgs = (args: SqlInputArgs, where: string): NonNullable<WireStatement['args']> => {
  if (isList(args)) return Array.from(args, (value, at) => toSqlValue(value, `args[${at}] of ${where}`))
  if (typeof args !== 'object' || args === null || Object.getPrototypeOf(args)?.constructor?.name === 'Date') {
    throw new TypeError(`the args of ${where} are neither an array nor an object of named values`)
  }
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => {
      if (/^[:@$]/.test(name)) {
        throw new DbClusterError(
          'INVALID_VALUE',
          `the argument ${JSON.stringify(name)} of ${where} carries its sigil`,
          {
            hint: `name it ${JSON.stringify(name.slice(1))}`,
          },
        )
      }
      return [name, toSqlValue(value, `args.${name} of ${where}`)]
    }),
  )
}

const isList = (args: SqlInputArgs): args is readonly SqlInput[] => Array.isArray(args)
