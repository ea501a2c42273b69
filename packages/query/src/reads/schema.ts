import type { TableSchema } from '@dbcluster/protocol'
import type { CallOptions, RqliteClient, RqliteResult } from '@dbcluster/rqlite'
import { restoreDefaults } from '@dbcluster/sql'
import { withoutIndex } from '../statement-index.js'

const TABLES = `SELECT name, type, sql, coalesce(rootpage, 0) = 0 FROM sqlite_schema
  WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql IS NOT NULL ORDER BY rowid`
const COLUMNS = `SELECT m.name, p.name FROM sqlite_schema AS m, pragma_table_xinfo(m.name) AS p
  WHERE p.hidden <> 1 AND m.type = 'table' AND m.rootpage > 0 AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.rowid, p.cid`
/**
 * Asked for each by itself: one broken view, of a table that was dropped, would fail the whole statement, and so would
 * a virtual table without the tables it is made of.
 */
const COLUMNS_OF_ONE = 'SELECT ?1, name FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid'

/** Tables and views with their columns, in the order of their creation; without columns where they are broken. */
export const readSchema = async (client: RqliteClient, options: CallOptions): Promise<readonly TableSchema[]> => {
  const { results } = await client.query([{ sql: TABLES }, { sql: COLUMNS }], { level: 'weak', ...options })
  const [tables, columns] = results.map(successful)
  const alone = (tables?.rows ?? []).filter(([, , , isAlone]) => isAlone === 1).map(([name]) => String(name))
  const asked = alone.map((name) => ({ sql: COLUMNS_OF_ONE, params: [name] }))
  const ofOne = (await client.query(asked, { level: 'weak', ...options })).results
  const byTable = new Map<string, string[]>()
  for (const [table, column] of [columns, ...ofOne].flatMap((result) => result?.rows ?? [])) {
    const known = byTable.get(String(table))
    if (known === undefined) byTable.set(String(table), [String(column)])
    else known.push(String(column))
  }
  return (tables?.rows ?? []).map(([name, type, sql]) => ({
    name: String(name),
    columns: byTable.get(String(name)) ?? [],
    sql: restoreDefaults(String(sql)),
    type: type === 'view' ? 'view' : 'table',
  }))
}

const successful = (result: RqliteResult): RqliteResult => {
  if (result.error !== undefined) throw withoutIndex(result.error)
  return result
}
