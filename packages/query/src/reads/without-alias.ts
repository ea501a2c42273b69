import type { Token } from '@dbcluster/sql'

/** Words that end an expression though they look like an alias without AS. */
const ENDS_OPERATION: ReadonlySet<string> = new Set(['END', 'NULL', 'ISNULL', 'NOTNULL'])

/** Words behind which an operand follows, so that what comes last is no alias. */
const WANTS_OPERAND: ReadonlySet<string> = new Set(
  'AND OR NOT IS IN LIKE GLOB REGEXP MATCH BETWEEN COLLATE ESCAPE DISTINCT FROM CASE WHEN THEN ELSE'.split(' '),
)

const ENDS_OPERAND: ReadonlySet<Token['type']> = new Set(['quoted', 'number', 'string', 'blob', 'variable', 'rparen'])

/**
 * The tokens of a result column without its alias (https://sqlite.org/syntax/result-column.html). Where an expression is
 * taken for an alias or the other way round, SQLite finds the text wrong: values are never.
 */
export const withoutAlias = (sql: string, tokens: readonly Token[]): readonly Token[] => {
  const [last, before] = [tokens.at(-1), tokens.at(-2)]
  if (last === undefined || before === undefined || !['word', 'quoted', 'string'].includes(last.type)) return tokens
  const word = (token: Token): string => sql.slice(token.start, token.end).toUpperCase()
  if (before.type === 'word' && word(before) === 'AS') return tokens.slice(0, -2)
  if (last.type === 'word' && ENDS_OPERATION.has(word(last))) return tokens
  const operand = ENDS_OPERAND.has(before.type) || (before.type === 'word' && !WANTS_OPERAND.has(word(before)))
  return operand ? tokens.slice(0, -1) : tokens
}
