import { asciiLower } from '../../src/identifier.js'
import { type StatementPlan, splitStatements } from '../../src/index.js'
import { planOrCode } from './describe-plan.js'
import type { AuthorizedAction, Judge } from './sqlite.js'

const NEVER = new Set(['ATTACH', 'DETACH', 'TRANSACTION', 'SAVEPOINT', 'PRAGMA_SET'])
const REACHING = new Set(['load_extension', 'readfile', 'writefile', 'edit', 'fts3_tokenizer', 'fsdir'])

/** Whether SQLite was about to do what no statement that we let through may do. */
const isDangerous = ({ action, first, second }: AuthorizedAction, isDdl: boolean): boolean => {
  const table = asciiLower(first ?? '')
  switch (action) {
    case 'INSERT':
    case 'UPDATE':
    case 'DELETE':
      // DDL writes the catalogue by itself.
      return (
        /^(_dbcluster|_rqlite)/.test(table) || (!isDdl && table.startsWith('sqlite_') && table !== 'sqlite_sequence')
      )
    case 'FUNCTION':
      return REACHING.has(asciiLower(second ?? ''))
    case 'PRAGMA':
      return /^(journal_mode|writable_schema|database_list|optimize)$/.test(table)
    default:
      return NEVER.has(action) || action.startsWith('CREATE_TEMP')
  }
}

/**
 * Where we let through or call a read what SQLite says is more: undefined if nowhere. A statement that SQLite refuses
 * cannot do harm; one that we refuse is judged by the corpus instead.
 */
export const unsafeDisagreement = (
  judge: Judge,
  sql: string,
  planOf: (sql: string) => StatementPlan | string = planOrCode,
): string | undefined => {
  const plan = planOf(sql)
  if (typeof plan === 'string') return undefined
  for (const text of [sql, plan.sql]) {
    const { statements, actions, error } = judge.compile(text)
    if (statements.length > 1) return `SQLite sees ${statements.length} statements`
    if (error !== undefined && statements.length > 0) return 'SQLite compiles a first statement and then fails'
    const [statement] = statements
    if (statement === undefined) continue
    const isRead = plan.kind === 'read' || plan.kind === 'pragma-read'
    if (isRead && !statement.readOnly && !plan.explain) return `a ${plan.kind} is not read-only to SQLite`
    if (statement.explain !== plan.explain) return `EXPLAIN: ${plan.explain}, to SQLite ${statement.explain}`
    if (statement.parameterCount !== plan.parameters.count) return 'the parameters are counted otherwise'
    const action = actions.find((each) => isDangerous(each, /^(CREATE|DROP|ALTER|REINDEX|ANALYZE)/.test(plan.verb)))
    if (action !== undefined) return `SQLite asks to ${action.action} ${action.first} ${action.second}`
  }
  return undefined
}

/** Where a text that SQLite compiles in full is split otherwise than SQLite does: undefined if nowhere. */
export const splitDisagreement = (judge: Judge, sql: string): string | undefined => {
  // Texts that C and UTF-8 cannot carry whole; statements with these are refused.
  if (/\0|\p{Surrogate}/u.test(sql)) return undefined
  const { statements, error } = judge.compile(sql)
  if (error !== undefined) return undefined
  const ours = splitStatements(sql)
  if (ours.length !== statements.length) return `${ours.length} statements, to SQLite ${statements.length}`
  const at = ours.findIndex((span, index) => statements[index]?.sql.includes(span.sql) !== true)
  return at < 0 ? undefined : `statement ${at} is ${JSON.stringify(statements[at]?.sql)} to SQLite`
}
