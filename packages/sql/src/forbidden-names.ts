import { asciiLower, asciiUpper, nameOf } from './identifier.js'
import { isAllowedPragmaFunction } from './pragmas.js'
import { refusal } from './refusals.js'
import type { TokenRange } from './split.js'
import type { Token } from './token.js'

/**
 * Functions that reach beyond the database: files, other code, the process. Most are not in rqlited's SQLite; they are
 * refused all the same, since an operator's build may have them (https://sqlite.org/cli.html, ext/misc of SQLite).
 */
const FORBIDDEN_FUNCTIONS: ReadonlySet<string> = new Set([
  'edit',
  'eval',
  'fsdir',
  'fts3_tokenizer',
  'load_extension',
  'lsdir',
  'lsmode',
  'readfile',
  'realpath',
  'sha3_query',
  'sqlite_log',
  'sqlite_dbdata',
  'sqlite_dbpage',
  'sqlite_dbptr',
  'symlink',
  'writefile',
  'zipfile',
])

/** Tables that need no call: the database's raw pages. */
const FORBIDDEN_TABLES: ReadonlySet<string> = new Set(['sqlite_dbpage', 'sqlite_dbdata', 'sqlite_dbptr'])

/** Before a table's name that has its columns behind it: `CREATE TABLE edit (…)`, `REFERENCES edit (…)`. */
const BEFORE_TABLE_NAME: ReadonlySet<string> = new Set(['INTO', 'TABLE', 'EXISTS', 'REFERENCES'])

/**
 * Refuses a statement that calls a forbidden function or names a forbidden table or table-valued function, whichever
 * way the name is quoted. A bound text is never looked at, nor can SQLite take one for a name.
 * @param indexedTable index of the token that names the table in `CREATE INDEX … ON edit (…)`, which is no call
 * @throws DbClusterError `SQL_FORBIDDEN`
 */
export const refuseForbiddenNames = (
  sql: string,
  tokens: readonly Token[],
  range: TokenRange,
  indexedTable: number | undefined,
): void => {
  for (let at = range.from; at < range.end; at++) {
    const token = tokens[at]
    if (token?.type !== 'word' && token?.type !== 'quoted' && token?.type !== 'string') continue
    const isCall = tokens[at + 1]?.type === 'lparen' && at + 1 < range.end
    if (!isCall && !mayNameTable(sql, token)) continue
    const name = asciiLower(nameOf(sql, token))
    if (FORBIDDEN_TABLES.has(name)) throw forbidden(`the table ${name}`, token)
    if (/^pragma_[a-z0-9_]+$/.test(name) && !isAllowedPragmaFunction(name)) throw forbidden(name, token)
    if (!isCall || at === indexedTable || !FORBIDDEN_FUNCTIONS.has(name)) continue
    const before = tokens[at - 1]
    const keyword = before?.type === 'word' ? asciiUpper(sql.slice(before.start, before.end)) : ''
    if (!BEFORE_TABLE_NAME.has(keyword)) throw forbidden(`the function ${name}()`, token)
  }
}

/** Whether the name begins like one of those that are looked for without a call: `pragma_…` and `sqlite_db…`. */
const mayNameTable = (sql: string, token: Token): boolean => {
  const first = sql.charCodeAt(token.type === 'word' ? token.start : token.start + 1) | 32
  return first === 112 || first === 115
}

const forbidden = (what: string, token: Token): Error =>
  refusal(
    'SQL_FORBIDDEN',
    `${what} is not allowed`,
    'it reaches beyond the database or its process; where only the text is meant, pass it as a parameter',
    token.start,
  )
