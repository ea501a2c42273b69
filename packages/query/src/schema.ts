import type { TableSchema } from '@dbcluster/protocol'
import type { RqliteClient } from '@dbcluster/rqlite'

const TABLES = `SELECT name, type, sql FROM sqlite_schema
  WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql IS NOT NULL ORDER BY rowid`
const COLUMNS = `SELECT m.name, p.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS p
  WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.rowid, p.cid`
/** Asked apart: one broken view, of a table that was dropped, fails the whole statement. */
const VIEW_COLUMNS = COLUMNS.replace("'table'", "'view'")

/** Tables and views with their columns, in the order of their creation. */
export const readSchema = async (
  client: RqliteClient,
  options: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<readonly TableSchema[]> => {
  const { results } = await client.query([{ sql: TABLES }, { sql: COLUMNS }, { sql: VIEW_COLUMNS }], {
    level: 'weak',
    ...options,
  })
  const [tables, columns, viewColumns] = results
  if (tables?.error !== undefined) throw tables.error
  const byTable = new Map<string, string[]>()
  for (const [table, column] of [...(columns?.rows ?? []), ...(viewColumns?.rows ?? [])]) {
    byTable.set(String(table), [...(byTable.get(String(table)) ?? []), String(column)])
  }
  return (tables?.rows ?? []).map(([name, type, sql]) => ({
    name: String(name),
    columns: byTable.get(String(name)) ?? [],
    sql: String(sql),
    type: type === 'view' ? 'view' : 'table',
  }))
}
