import type { Cursor } from './cursor.js'
import { beginsDataStatement, readDataStatement } from './data-statement.js'
import { checkOwnName } from './targets.js'

/**
 * Reads a trigger from behind its name to its END, and each statement of its body: their tables are written whenever
 * the trigger fires. `BEGIN` may be a name too, so the body is taken to begin at the first BEGIN that a statement
 * follows (https://sqlite.org/lang_createtrigger.html).
 * @throws DbClusterError `SQL_ERROR` where it is not understood, `SQL_FORBIDDEN` for a table that may not be written
 */
export const readTriggerRest = (cursor: Cursor): void => {
  while (!cursor.done && cursor.keyword() !== 'ON') cursor.advance()
  cursor.expect('ON')
  checkOwnName(cursor.qualifiedName())
  while (!(cursor.keyword() === 'BEGIN' && beginsDataStatement(cursor.keyword(1)))) {
    if (cursor.done || cursor.isType('semicolon')) throw cursor.unexpected('a trigger needs BEGIN … END')
    cursor.advance()
  }
  cursor.advance()
  do {
    readDataStatement(cursor.takeUntil('semicolon'))
    if (!cursor.isType('semicolon')) throw cursor.unexpected('each statement of a trigger ends with ";"')
    cursor.advance()
  } while (!cursor.done && cursor.keyword() !== 'END')
  cursor.expect('END')
  if (!cursor.done) throw cursor.unexpected('a trigger ends with END')
}
