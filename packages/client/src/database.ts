import type { Consistency, DatabaseStatusResult, OperationName, TableSchema } from '@dbcluster/protocol'
import type { Caller, CallOptions } from './caller.js'
import {
  type BatchOutcome,
  type ExecuteResult,
  type QueryResult,
  type Row,
  type StatementOutcome,
  toBatchOutcome,
  toObjects,
  toOutcome,
} from './results.js'
import { type SqlFragment, type SqlInterpolation, sql as sqlTag } from './sql.js'
import type { SqlInputArgs } from './sql-values.js'
import { type StatementInput, toStatement, toStatements } from './statements.js'
import type { OperationOf } from './transport.js'

/** Settings of a read. */
export interface QueryOptions extends CallOptions {
  /**
   * How fresh the rows must be; never silently less.
   * @default 'weak'
   */
  readonly consistency?: Consistency
}

const WRITE = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*(?:insert|replace|update|delete|create|drop|alter|reindex)\b/i

/**
 * One database of the app. Every method throws `DbClusterError` (look at `code`), and takes `signal` and `timeoutMs`
 * as its last argument (30 s by default, 60 s for a transaction or batch).
 */
export class Database {
  /** The name as the app knows it. */
  readonly name: string
  readonly #caller: Caller

  /** @internal use `client.database(name)` */
  constructor(name: string, caller: Caller) {
    this.name = name
    this.#caller = caller
  }

  /** Runs one statement that changes something. */
  async execute<T = Row>(
    statement: string | SqlFragment,
    args?: SqlInputArgs,
    options?: CallOptions,
  ): Promise<ExecuteResult<T>> {
    const { result, meta } = await this.#call({ op: 'execute', statement: toStatement(statement, args) }, options)
    return { ...toOutcome<T>(result), meta }
  }

  /** Runs one read. @typeParam T what a row looks like; not checked @throws DbClusterError `SQL_NOT_A_READ` */
  async query<T = Row>(
    statement: string | SqlFragment,
    args?: SqlInputArgs,
    { consistency, ...options }: QueryOptions = {},
  ): Promise<QueryResult<T>> {
    const { result, meta } = await this.#call(
      {
        op: 'query',
        statement: toStatement(statement, args),
        ...(consistency === undefined ? {} : { consistency }),
      },
      options,
    )
    return { rows: toObjects<T>(result), columns: result.columns, values: result.rows, meta }
  }

  /**
   * Runs a template and returns its rows: a write when it begins with INSERT, UPDATE, DELETE, REPLACE, CREATE, DROP or
   * ALTER, a read otherwise. Values are only ever bound. A write that begins with WITH goes through {@link execute}.
   */
  async sql<T = Row>(strings: TemplateStringsArray, ...values: readonly SqlInterpolation[]): Promise<readonly T[]> {
    const fragment = sqlTag(strings, ...values)
    return WRITE.test(fragment.sql)
      ? ((await this.execute<T>(fragment)).rows ?? [])
      : (await this.query<T>(fragment)).rows
  }

  /** Runs statements in order, each on its own: one that fails says so in its place and stops no other. */
  async batch(
    statements: readonly StatementInput[],
    options?: CallOptions,
  ): Promise<{ readonly results: readonly BatchOutcome[]; readonly meta: ExecuteResult['meta'] }> {
    const { result, meta } = await this.#call({ op: 'batch', statements: toStatements(statements) }, options)
    return { results: result.results.map(toBatchOutcome), meta }
  }

  /**
   * Runs statements all or nothing.
   * @throws DbClusterError `ASSERTION_FAILED`, or the error of the statement that failed (`statementIndex`)
   */
  async transaction(
    statements: readonly StatementInput[],
    options?: CallOptions,
  ): Promise<{ readonly results: readonly StatementOutcome[]; readonly meta: ExecuteResult['meta'] }> {
    const { result, meta } = await this.#call({ op: 'transaction', statements: toStatements(statements) }, options)
    return { results: result.results.map((one) => toOutcome(one)), meta }
  }

  /** Creates a table from its `CREATE TABLE` text. */
  async createTable(schema: string, options?: CallOptions): Promise<ExecuteResult> {
    const { result, meta } = await this.#call({ op: 'createTable', schema }, options)
    return { ...toOutcome(result), meta }
  }

  /** Drops a table. @throws DbClusterError `TABLE_NOT_FOUND` */
  async dropTable(table: string, options?: CallOptions): Promise<ExecuteResult> {
    const { result, meta } = await this.#call({ op: 'dropTable', table }, options)
    return { ...toOutcome(result), meta }
  }

  /** Tables and views. */
  async schema(options?: CallOptions): Promise<{ readonly tables: readonly TableSchema[] }> {
    return (await this.#call({ op: 'schema' }, options)).result
  }

  /** Where the replicas are and how they do. */
  async status(options?: CallOptions): Promise<DatabaseStatusResult> {
    return (await this.#call({ op: 'status' }, options)).result
  }

  /**
   * Sends the database to sleep now: no process, its data on disk. The next query wakes it.
   * @throws DbClusterError `CONFLICT` while queries are under way
   */
  async hibernate(options?: CallOptions): Promise<DatabaseStatusResult> {
    return (await this.#call({ op: 'hibernate' }, options)).result
  }

  /** Wakes the database, ahead of the query that would. */
  async wake(options?: CallOptions): Promise<DatabaseStatusResult> {
    return (await this.#call({ op: 'wake' }, options)).result
  }

  #call<O extends OperationName>(
    operation: Omit<OperationOf<O>, 'database'> & { readonly op: O },
    options?: CallOptions,
  ) {
    return this.#caller.call<O>({ ...operation, database: this.name } as unknown as OperationOf<O>, options)
  }
}
