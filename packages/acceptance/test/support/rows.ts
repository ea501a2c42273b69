import type { Consistency } from '@dbcluster/protocol'
import { eventually, type TestCluster } from '@dbcluster/testkit'

/** A machine that is busy takes its time. */
const LIMIT = { limitMs: 60_000 } as const

/** Makes a database with a table of numbers, and puts some in. */
export const makeRows = async (cluster: TestCluster, database: string, numbers: readonly number[]): Promise<void> => {
  await cluster.ask(0, { op: 'createTable', database, schema: 'CREATE TABLE rows (n INTEGER PRIMARY KEY)' })
  const statements = numbers.map((n) => ({ sql: 'INSERT INTO rows VALUES (?)', args: [n] }))
  if (statements.length > 0) await cluster.ask(0, { op: 'transaction', database, statements })
}

/** The same, as often as it takes: a creation may fail on a machine that is busy. */
export const makeRowsSoon = async (
  cluster: TestCluster,
  database: string,
  numbers: readonly number[],
): Promise<void> => {
  const schema = 'CREATE TABLE IF NOT EXISTS rows (n INTEGER PRIMARY KEY)'
  const statements = numbers.map((n) => ({ sql: 'INSERT OR IGNORE INTO rows VALUES (?)', args: [n] }))
  await eventually(
    `${database} is made`,
    async () => {
      await cluster.ask(0, { op: 'createTable', database, schema })
      if (statements.length > 0) await cluster.ask(0, { op: 'transaction', database, statements })
      return true
    },
    LIMIT,
  )
}

/** The numbers that a node has. */
export const rowsAt = async (
  cluster: TestCluster,
  node: number,
  database: string,
  consistency: Consistency = 'strong',
): Promise<readonly unknown[]> => {
  const statement = { sql: 'SELECT n FROM rows ORDER BY n' }
  const { rows } = await cluster.ask(node, { op: 'query', database, statement, consistency })
  return rows.map(([n]) => n)
}

/** Writes one number through a node, as soon as that works. Resolves with the time it took, in milliseconds. */
export const writeSoon = async (cluster: TestCluster, node: number, database: string, n: number): Promise<number> => {
  const startedMs = performance.now()
  await eventually(
    `node ${node} takes a write for ${database}`,
    async () => {
      const statement = { sql: 'INSERT OR IGNORE INTO rows VALUES (?)', args: [n] }
      await cluster.ask(node, { op: 'execute', database, statement }, { timeoutMs: 3_000 })
      return true
    },
    LIMIT,
  )
  return performance.now() - startedMs
}
