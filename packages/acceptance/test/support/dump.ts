import { createHash } from 'node:crypto'
import { eventually, type TestCluster } from '@dbcluster/testkit'
import { appliedIndex, localRows, replicasOf } from './rqlite-view.js'

/** Reads rows of one replica. */
type Read = (sql: string) => Promise<readonly (readonly unknown[])[]>

const SCHEMA = 'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2'
const COLUMNS = `SELECT m.name, x.name FROM sqlite_schema AS m, pragma_table_xinfo(m.name) AS x
  WHERE m.type = 'table' ORDER BY m.name, x.cid`

/** The whole database as text: every schema object, and every value in SQLite's own notation. */
const dump = async (read: Read): Promise<string> => {
  const columns = new Map<string, string[]>()
  for (const [table, column] of await read(COLUMNS)) {
    const quoted = `quote("${String(column).replaceAll('"', '""')}")`
    columns.set(String(table), [...(columns.get(String(table)) ?? []), quoted])
  }
  const parts = [await read(SCHEMA)]
  for (const [table, values] of columns) parts.push(await read(`SELECT ${values} FROM "${table}" ORDER BY 1, 2`))
  return parts.map((rows) => JSON.stringify(rows)).join('\n')
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The hashes of one database, as every node serves it at the level `none`, and as every rqlited has it. */
export interface DatabaseHashes {
  readonly nodes: readonly string[]
  readonly rqliteds: readonly string[]
}

/**
 * Hashes of a logical dump of every copy of a database, once all have what was acknowledged: a read through the log by
 * the leader, and then the same index applied everywhere.
 */
export const databaseHashes = async (cluster: TestCluster, database: string): Promise<DatabaseHashes> => {
  const [first = 0] = cluster.nodes.map(({ index }) => index)
  await eventually(
    `${database} can be read through the log`,
    async () => {
      const statement = { sql: 'SELECT 1' }
      await cluster.ask(first, { op: 'query', database, statement, consistency: 'strong' }, { timeoutMs: 5_000 })
      return true
    },
    { limitMs: 30_000 },
  )
  const rqliteds = await eventually(
    `every node has a process for ${database}, and all have applied the same`,
    async () => {
      const all = replicasOf(cluster, database)
      const applied = new Set(await Promise.all(all.map(appliedIndex)))
      return all.length === cluster.nodes.length && applied.size === 1 ? all : undefined
    },
    { limitMs: 30_000 },
  )
  const ofNode =
    (node: number): Read =>
    async (sql) =>
      (await cluster.ask(node, { op: 'query', database, statement: { sql }, consistency: 'none' })).rows
  const hashes = (reads: readonly Read[]): Promise<string[]> =>
    Promise.all(reads.map(async (read) => hash(await dump(read))))
  return {
    nodes: await hashes(cluster.nodes.map(({ index }) => ofNode(index))),
    rqliteds: await hashes(
      rqliteds.map(
        (rqlited): Read =>
          (sql) =>
            localRows(rqlited, sql),
      ),
    ),
  }
}
