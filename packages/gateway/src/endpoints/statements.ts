import { checkDatabaseName } from '@dbcluster/protocol'
import { checkSql, toStatement, toStatements } from '../request/statements.js'
import { queryFields, resultList, writeResultFields } from '../response/results.js'
import { defineEndpoint, type Endpoint } from './endpoint.js'
import { BatchOutput, QueryOutput, TransactionOutput, WriteOutput } from './outputs.js'
import { BatchInput, CreateTableInput, DropTableInput, ExecInput, QueryInput, TransactionInput } from './schemas.js'

/** Endpoints that run SQL. */
export const statementEndpoints: readonly Endpoint[] = [
  defineEndpoint({
    op: 'execute',
    method: 'POST',
    path: '/v1/database/exec',
    summary: 'Run one statement that changes something',
    source: 'body',
    input: ExecInput,
    output: WriteOutput,
    operation: ({ database, ...statement }) => ({
      op: 'execute',
      database: checkDatabaseName(database),
      statement: toStatement(statement, ''),
    }),
    respond: writeResultFields,
  }),
  defineEndpoint({
    op: 'query',
    method: 'POST',
    path: '/v1/database/query',
    summary: 'Run one read',
    source: 'body',
    input: QueryInput,
    output: QueryOutput,
    operation: ({ database, consistency, ...statement }) => ({
      op: 'query',
      database: checkDatabaseName(database),
      statement: toStatement(statement, ''),
      ...(consistency === undefined ? {} : { consistency }),
    }),
    respond: queryFields,
  }),
  defineEndpoint({
    op: 'batch',
    method: 'POST',
    path: '/v1/database/batch',
    summary: 'Run statements in order, each succeeding or failing alone',
    source: 'body',
    timeout: 'transaction',
    input: BatchInput,
    output: BatchOutput,
    operation: ({ database, queries }) => ({
      op: 'batch',
      database: checkDatabaseName(database),
      statements: toStatements(queries as Parameters<typeof toStatements>[0]),
    }),
    respond: ({ results }, format) => ({ results: resultList(results, format) }),
  }),
  defineEndpoint({
    op: 'transaction',
    method: 'POST',
    path: '/v1/database/transaction',
    summary: 'Run statements all or nothing',
    source: 'body',
    timeout: 'transaction',
    input: TransactionInput,
    output: TransactionOutput,
    operation: ({ database, queries }) => ({
      op: 'transaction',
      database: checkDatabaseName(database),
      statements: toStatements(queries as Parameters<typeof toStatements>[0]),
    }),
    respond: ({ results }, format) => ({ success: true, results: resultList(results, format) }),
  }),
  defineEndpoint({
    op: 'createTable',
    method: 'POST',
    path: '/v1/database/create-table',
    summary: 'Create a table',
    source: 'body',
    input: CreateTableInput,
    output: WriteOutput,
    operation: ({ database, schema }) => ({
      op: 'createTable',
      database: checkDatabaseName(database),
      schema: checkSql(schema, 'schema'),
    }),
    respond: ({ rowsAffected }) => ({ rows_affected: rowsAffected }),
  }),
  defineEndpoint({
    op: 'dropTable',
    method: 'POST',
    path: '/v1/database/drop-table',
    summary: 'Drop a table',
    source: 'body',
    input: DropTableInput,
    output: WriteOutput,
    operation: ({ database, table_name }) => ({
      op: 'dropTable',
      database: checkDatabaseName(database),
      table: table_name,
    }),
    respond: ({ rowsAffected }) => ({ rows_affected: rowsAffected }),
  }),
]
