import { DbClusterError, hasLoneSurrogate, LIMITS } from '@dbcluster/protocol'
import { Cursor } from './cursor.js'
import { beginsDataStatement, type DataVerb, readDataStatement } from './data-statement.js'
import { type Definition, type DefinitionVerb, readAlter, readCreate, readDrop, readMaintenance } from './definition.js'
import { sourceOf } from './determinism/source.js'
import { computedColumnsOf } from './determinism/written-values.js'
import { refuseForbiddenNames } from './forbidden-names.js'
import { significantTokens } from './lexer.js'
import { numberParameters, type StatementParameters } from './parameters.js'
import { readPragma } from './pragmas.js'
import { refusal, syntaxError } from './refusals.js'
import { spanOf, splitTokens, type TokenRange } from './split.js'
import type { Token } from './token.js'
import { exceedsUtf8Bytes } from './utf8.js'

/** `read` and `pragma-read` change nothing; `write` changes rows; `ddl` the schema. */
export type StatementKind = 'read' | 'pragma-read' | 'write' | 'ddl'

export type Verb = DataVerb | DefinitionVerb | 'PRAGMA'

/** What is known of one statement that may run. */
export interface StatementPlan {
  /** The statement without what surrounds it: white space, comments, semicolons. Send this, not the original. */
  readonly sql: string
  readonly kind: StatementKind
  /** What the statement does; of an EXPLAIN, what the explained one would do. */
  readonly verb: Verb
  /** EXPLAIN or EXPLAIN QUERY PLAN: a read, whatever is explained. */
  readonly explain: boolean
  /** INSERT or REPLACE, also after WITH: only then `lastInsertId` means something. */
  readonly isInsert: boolean
  /** Whether a RETURNING clause gives rows back. */
  readonly returning: boolean
  /** The table that is written, or the object that is created, altered or dropped; unquoted, without schema. */
  readonly target: string | undefined
  /** `IF [NOT] EXISTS`. */
  readonly conditional: boolean
  /**
   * Columns that INSERT, REPLACE or UPDATE gives values that are no literals and no parameters: expressions, or what a
   * SELECT gives. In lower case; `*` for columns that are not named.
   */
  readonly computed: readonly string[]
  readonly parameters: StatementParameters
}

/** Bounds that a statement is checked against. */
export interface PlanLimits {
  /** Longest statement, in bytes of UTF-8. @default 1 MiB (`LIMITS.sqlBytes`) */
  readonly sqlMaxBytes?: number
  /** Largest number of a parameter. @default 32766 (`LIMITS.parameters`) */
  readonly parametersMax?: number
}

/**
 * Checks one statement and says what it is. What is not understood is refused.
 * @throws DbClusterError `SQL_FORBIDDEN` for what reaches beyond the database or sets its connection,
 * `TX_INTERACTIVE_UNSUPPORTED` for BEGIN and its kin, `SQL_MULTIPLE_STATEMENTS`, `SQL_TOO_LARGE`, and `SQL_ERROR` for
 * what is not understood; `details.offset` is the place, in UTF-16 code units
 */
export const planStatement = (sql: string, limits: PlanLimits = {}): StatementPlan => {
  const { sqlMaxBytes = LIMITS.sqlBytes, parametersMax = LIMITS.parameters } = limits
  checkText(sql, sqlMaxBytes)
  const tokens = significantTokens(sql)
  const range = onlyStatement(sql, tokens)
  const plan = classify(sql, tokens, range, parametersMax)
  if (plan.kind === 'ddl' && plan.parameters.count > 0 && !plan.fromSelect) {
    const hint = 'write the value into the statement'
    throw refusal('SQL_ERROR', `parameters are not allowed in ${plan.verb}`, hint)
  }
  const { fromSelect: _, ...statement } = plan
  return statement
}

const checkText = (sql: string, sqlMaxBytes: number): void => {
  if (exceedsUtf8Bytes(sql, sqlMaxBytes)) {
    const hint = 'pass values as parameters, and split long lists into several statements'
    const message = `the statement has more than ${sqlMaxBytes} bytes, the limit (sql.max_statement_size of the node)`
    throw new DbClusterError('SQL_TOO_LARGE', message, { hint })
  }
  const nul = sql.indexOf('\0')
  if (nul >= 0) throw refusal('SQL_ERROR', 'the statement contains a NUL', 'pass the text as a parameter', nul)
  if (hasLoneSurrogate(sql)) {
    throw refusal('SQL_ERROR', 'the statement contains half of a surrogate pair', 'send well-formed Unicode text')
  }
}

const onlyStatement = (sql: string, tokens: readonly Token[]): TokenRange => {
  const [range, second] = splitTokens(sql, tokens)
  if (range === undefined) {
    throw refusal('SQL_ERROR', 'there is no statement', 'the text is empty, or holds only comments and semicolons')
  }
  if (second !== undefined) {
    const hint = 'send one statement at a time, or several as a batch or transaction'
    throw refusal('SQL_MULTIPLE_STATEMENTS', 'more than one statement', hint, tokens[second.from]?.start)
  }
  const illegal = tokens.find((token) => token.type === 'illegal')
  if (illegal !== undefined) {
    const text = sql.slice(illegal.start, Math.min(illegal.end, illegal.start + 40))
    throw refusal('SQL_ERROR', `unrecognized token: ${JSON.stringify(text)}`, 'is a quote left open?', illegal.start)
  }
  return range
}

type Classified = StatementPlan & { readonly fromSelect: boolean }

const classify = (sql: string, tokens: readonly Token[], range: TokenRange, parametersMax: number): Classified => {
  const cursor = new Cursor(sql, tokens, range.from, range.end)
  const explain = cursor.accept('EXPLAIN')
  if (explain) cursor.accept('QUERY', 'PLAN')
  const statement = readStatement(cursor)
  refuseForbiddenNames(sql, tokens, range, statement.indexedTable)
  return {
    sql: spanOf(sql, tokens, range).sql,
    kind: explain ? 'read' : statement.kind,
    verb: statement.verb,
    explain,
    isInsert: !explain && (statement.verb === 'INSERT' || statement.verb === 'REPLACE'),
    returning: !explain && statement.returning,
    target: statement.target,
    conditional: statement.conditional,
    fromSelect: statement.fromSelect,
    computed: explain || statement.kind !== 'write' ? [] : computedColumnsOf(sourceOf(sql, tokens), range),
    parameters: numberParameters(sql, tokens, range, parametersMax),
  }
}

type Read = Pick<Classified, 'kind' | 'verb' | 'returning' | 'target' | 'conditional' | 'fromSelect'> & {
  readonly indexedTable: number | undefined
}

const readStatement = (cursor: Cursor): Read => {
  const keyword = cursor.keyword()
  if (beginsDataStatement(keyword)) {
    const { verb, table, returning } = readDataStatement(cursor)
    const kind = verb === 'SELECT' || verb === 'VALUES' ? 'read' : 'write'
    return { ...REST, kind, verb, returning, target: table }
  }
  switch (keyword) {
    case 'CREATE':
      cursor.advance()
      return defined(readCreate(cursor))
    case 'DROP':
      cursor.advance()
      return defined(readDrop(cursor))
    case 'ALTER':
      cursor.advance()
      return defined(readAlter(cursor))
    case 'REINDEX':
    case 'ANALYZE':
      cursor.advance()
      return defined(readMaintenance(cursor, keyword))
    case 'PRAGMA':
      cursor.advance()
      readPragma(cursor)
      return { ...REST, kind: 'pragma-read', verb: 'PRAGMA' }
    default:
      throw refusedVerb(keyword, cursor)
  }
}

const REST = { returning: false, target: undefined, conditional: false, fromSelect: false, indexedTable: undefined }

const defined = ({ verb, object, conditional, fromSelect, indexedTable }: Definition): Read => ({
  kind: 'ddl',
  verb,
  returning: false,
  target: object,
  conditional,
  fromSelect,
  indexedTable,
})

const refusedVerb = (keyword: string, cursor: Cursor): DbClusterError => {
  const offset = cursor.peek()?.start
  switch (keyword) {
    case 'BEGIN':
    case 'COMMIT':
    case 'END':
    case 'ROLLBACK':
    case 'SAVEPOINT':
    case 'RELEASE': {
      const hint =
        'send all statements of the transaction in one call of transaction, with assertions where it may fail'
      return refusal('TX_INTERACTIVE_UNSUPPORTED', `${keyword} is not supported`, hint, offset)
    }
    case 'ATTACH':
    case 'DETACH':
    case 'VACUUM': {
      const hint = 'a database is isolated from other files; open the other database by its name instead'
      return refusal('SQL_FORBIDDEN', `${keyword} is not allowed`, hint, offset)
    }
    default:
      return offset === undefined
        ? syntaxError('end of input', cursor.sql.length, 'a statement is missing')
        : cursor.unexpected(
            'expected SELECT, WITH, VALUES, INSERT, REPLACE, UPDATE, DELETE, CREATE, ALTER, DROP or PRAGMA',
          )
  }
}
