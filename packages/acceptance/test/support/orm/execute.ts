import type { SqlValue, WriteResult } from '@dbcluster/protocol'
import type { TestCluster } from '@dbcluster/testkit'

/** Runs one statement as a tool wrote it. */
export type Execute = (sql: string, args?: readonly unknown[]) => Promise<Required<WriteResult>>

/**
 * What no tool of a replicated database may say, and what the tools say around their statements all the same: a
 * transaction is one request here, and foreign keys are set when a database is created. Their drivers leave it out.
 */
const LEFT_OUT = /^\s*(?:BEGIN|COMMIT|ROLLBACK)\b|^\s*PRAGMA (?:defer_)?foreign_keys\s*=/i

/** Statements go to each node in turn, and are kept word for word. */
export const executeOn = (
  cluster: TestCluster,
  database: string,
): { readonly execute: Execute; readonly said: string[] } => {
  const said: string[] = []
  const execute: Execute = async (sql, args = []) => {
    if (LEFT_OUT.test(sql)) return { rowsAffected: 0, lastInsertId: 0, columns: [], rows: [] }
    said.push(sql)
    const statement = { sql, args: args.map(toValue) }
    const result = await cluster.ask(said.length % 3, { op: 'execute', database, statement })
    return { columns: [], rows: [], ...result }
  }
  return { execute, said }
}

/** Drivers for SQLite take what JavaScript has. */
const toValue = (value: unknown): SqlValue => {
  if (typeof value === 'boolean') return value ? 1 : 0
  return value instanceof Date ? value.getTime() : ((value ?? null) as SqlValue)
}

/** Rows as objects. */
export const objectsOf = ({ columns, rows }: Required<WriteResult>): Record<string, SqlValue>[] =>
  rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at] ?? null])))
