import { createHash } from 'node:crypto'
import { eventually, type TestCluster } from '@dbcluster/testkit'
import { appliedIndex, localRows, replicasOf } from './rqlite-view.js'

/** Reads rows of one replica. */
type Read = (sql: string) => Promise<readonly (readonly unknown[])[]>

const SCHEMA = 'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2'
/** Every column that holds something, generated ones included, and the rowid where there is one. */
const COLUMNS = `SELECT m.name, x.name FROM sqlite_schema AS m, pragma_table_xinfo(m.name) AS x
  WHERE m.type = 'table' AND x.hidden <> 1 ORDER BY m.name, x.cid`
const WITH_ROWID = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT wr"

/** The whole database as text: every schema object, and every value in SQLite's own notation. */
const dump = async (read: Read): Promise<string> => {
  const columns = new Map<string, string[]>()
  for (const [table] of await read(WITH_ROWID)) columns.set(String(table), ['rowid'])
  for (const [table, column] of await read(COLUMNS)) {
    const quoted = `quote("${String(column).replaceAll('"', '""')}")`
    columns.set(String(table), [...(columns.get(String(table)) ?? []), quoted])
  }
  const parts = [await read(SCHEMA)]
  for (const [table, values] of [...columns].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const order = values.map((_, at) => at + 1)
    parts.push([[table]], await read(`SELECT ${values} FROM "${table.replaceAll('"', '""')}" ORDER BY ${order}`))
  }
  return parts.map((rows) => JSON.stringify(rows)).join('\n')
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The hashes of one database, as every node serves it at the level `none`, and as every rqlited has it. */
export interface DatabaseHashes {
  readonly nodes: readonly string[]
  readonly rqliteds: readonly string[]
}

/** The different hashes among them: one of each kind where all copies are the same. */
export const distinct = ({
  nodes,
  rqliteds,
}: DatabaseHashes): { readonly nodes: number; readonly rqliteds: number } => ({
  nodes: new Set(nodes).size,
  rqliteds: new Set(rqliteds).size,
})

/**
 * Hashes of a logical dump of every copy of a database, once all have what was acknowledged: a read through the log,
 * and then the same index applied everywhere.
 */
export const databaseHashes = async (cluster: TestCluster, database: string, via = 0): Promise<DatabaseHashes> => {
  await eventually(
    `${database} can be read through the log`,
    async () => {
      const statement = { sql: 'SELECT 1' }
      await cluster.ask(via, { op: 'query', database, statement, consistency: 'strong' }, { timeoutMs: 10_000 })
      return true
    },
    { limitMs: 60_000 },
  )
  const rqliteds = await eventually(
    `every node has a process for ${database}, and all have applied the same`,
    async () => {
      const all = replicasOf(cluster, database)
      const applied = new Set(await Promise.all(all.map(appliedIndex)))
      return all.length === cluster.nodes.length && applied.size === 1 ? all : undefined
    },
    { limitMs: 60_000 },
  )
  const asked = ({ index }: { readonly index: number }): Promise<string> =>
    dump(async (sql) => {
      const statement = { sql }
      return (await cluster.ask(index, { op: 'query', database, statement, consistency: 'none' })).rows
    })
  return {
    nodes: (await Promise.all(cluster.nodes.map(asked))).map(hash),
    rqliteds: (await Promise.all(rqliteds.map((one) => dump((sql) => localRows(one, sql))))).map(hash),
  }
}
