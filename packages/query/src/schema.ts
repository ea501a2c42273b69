import type { TableSchema } from '@dbcluster/protocol'
import type { CallOptions, RqliteClient, RqliteResult } from '@dbcluster/rqlite'
import { restoreDefaults } from '@dbcluster/sql'
import { withoutIndex } from './statement-index.js'

const TABLES = `SELECT name, type, sql FROM sqlite_schema
  WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql IS NOT NULL ORDER BY rowid`
const COLUMNS = `SELECT m.name, p.name FROM sqlite_schema AS m, pragma_table_xinfo(m.name) AS p
  WHERE p.hidden <> 1 AND m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.rowid, p.cid`
/** Asked for each by itself: one broken view, of a table that was dropped, would fail the whole statement. */
const VIEW_COLUMNS = 'SELECT ?1, name FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid'

/** Tables and views with their columns, in the order of their creation; none for a view whose table is gone. */
export const readSchema = async (client: RqliteClient, options: CallOptions): Promise<readonly TableSchema[]> => {
  const { results } = await client.query([{ sql: TABLES }, { sql: COLUMNS }], { level: 'weak', ...options })
  const [tables, columns] = results.map(successful)
  const views = (tables?.rows ?? []).filter(([, type]) => type === 'view').map(([name]) => String(name))
  const asked = views.map((name) => ({ sql: VIEW_COLUMNS, params: [name] }))
  const viewColumns = (await client.query(asked, { level: 'weak', ...options })).results
  const byTable = new Map<string, string[]>()
  for (const [table, column] of [columns, ...viewColumns].flatMap((result) => result?.rows ?? [])) {
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
