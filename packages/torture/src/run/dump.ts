import { createHash } from 'node:crypto'
import type { OperationOf } from '@dbcluster/testkit'
import type { Member } from '../cluster/member.js'
import type { TortureCluster } from '../cluster/torture-cluster.js'
import { TABLE_NAMES } from '../workload/tables.js'

const PAGE_ROWS = 5_000
const SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"

/** Everything that the replica on this node holds, as a hash: schema, rows, their ids. @throws when it can't be read */
export const dumpReplica = async (
  { line }: TortureCluster,
  { peerId, name }: Member,
  database: string,
): Promise<{ readonly hash: string; readonly rows: number }> => {
  const read = async (sql: string, args: readonly number[] = []): Promise<readonly (readonly unknown[])[]> => {
    const statement = { sql, args: [...args] }
    const operation: OperationOf<'query'> = { op: 'query', database, statement, consistency: 'none' }
    const { result, meta } = await line.answer(peerId, operation, { timeoutMs: 10_000 })
    if (meta.servedBy !== peerId) throw new Error(`the replica of ${database} on ${name} does not serve`)
    return result.rows
  }
  const hash = createHash('sha256')
  const add = (rows: readonly (readonly unknown[])[]): void => {
    for (const row of rows)
      hash.update(`${JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))}\n`)
  }
  add(await read(SCHEMA))
  let count = 0
  for (const table of TABLE_NAMES) {
    hash.update(`${table}\n`)
    for (let last = -1; ; ) {
      const rows = await read(`SELECT rowid AS id, * FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT ${PAGE_ROWS}`, [
        last,
      ])
      add(rows)
      count += rows.length
      if (rows.length < PAGE_ROWS) break
      last = Number(rows.at(-1)?.[0])
    }
  }
  return { hash: hash.digest('hex'), rows: count }
}
