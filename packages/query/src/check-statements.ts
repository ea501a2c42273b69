import { DbClusterError, type SqlArgs, type Statement } from '@dbcluster/protocol'
import {
  bind,
  dropTableStatement,
  isRead,
  planCreateTable,
  requireRead,
  type SqlPlanner,
  type StatementPlan,
} from '@dbcluster/sql'
import type { DataOperation } from './admission/needs.js'
import type { QueryLimits } from './admission/query-limits.js'
import type { GivenStatement } from './reads/exact-rows.js'
import { atStatement } from './statement-index.js'

/** What the check needs only to find arguments that don't fit; how values are encoded is another matter. */
const ANY_ENCODING = { blobs: 'array', hexText: 'plain' } as const

/** What is known of an operation's statements once they are checked. */
export interface CheckedOperation {
  /** Whether carrying it out twice can change nothing. */
  readonly readOnly: boolean
}

/**
 * Checks every statement of an operation and its arguments before anything is done on its behalf: what is refused creates
 * no database, and no batch is left half done.
 * @throws DbClusterError whatever `planStatement` and `bind` refuse with, `statementIndex` set where there are several;
 * `REQUEST_TOO_LARGE` for too many of them
 */
export const checkStatements = (
  { planner, limits }: { readonly planner: SqlPlanner; readonly limits: QueryLimits },
  operation: DataOperation,
): CheckedOperation => {
  switch (operation.op) {
    case 'query':
      checked(requireRead(planner.plan(operation.statement.sql)), operation.statement as Statement)
      return { readOnly: true }
    case 'execute':
      return { readOnly: isRead(checked(planner.plan(operation.statement.sql), operation.statement as Statement)) }
    case 'batch':
    case 'transaction': {
      checkCount(operation.statements.length, limits)
      const given = planStatements(planner, operation.statements as readonly Statement[])
      return { readOnly: given.every(({ plan }) => isRead(plan)) }
    }
    case 'createTable':
      planCreateTable(planner, operation.schema)
      return { readOnly: false }
    case 'dropTable':
      dropTableStatement(operation.table)
      return { readOnly: false }
    case 'schema':
      return { readOnly: true }
  }
}

/** The statements of a batch or transaction. @throws DbClusterError with `statementIndex` */
export const planStatements = (planner: SqlPlanner, statements: readonly Statement[]): readonly GivenStatement[] =>
  statements.map((statement, index) =>
    atStatement(index, () => {
      const plan = checked(planner.plan(statement.sql), statement)
      const assert = statement.assert === true
      return { plan: assert ? requireRead(plan) : plan, args: statement.args as SqlArgs | undefined, assert }
    }),
  )

const checkCount = (count: number, { statementsMax }: QueryLimits): void => {
  if (count <= statementsMax) return
  const message = `${count} statements in one request, the limit (sql.max_statements of the node) is ${statementsMax}`
  throw new DbClusterError('REQUEST_TOO_LARGE', message, {
    hint: 'send them in several requests, or insert many rows with one statement: INSERT … VALUES (…), (…)',
  })
}

const checked = (plan: StatementPlan, { args }: Statement): StatementPlan => {
  bind(plan, args, ANY_ENCODING)
  return plan
}
