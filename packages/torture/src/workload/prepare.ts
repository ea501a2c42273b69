import { eventually } from '@dbcluster/testkit'
import type { Handles } from './load.js'
import { TABLES } from './tables.js'

/** Three nodes on a busy machine take their time to make a database. */
const LIMIT_MS = 180_000

/** Makes the tables, and banks with accounts in them; all is well yet. */
export const prepareDatabases = async (
  handles: Handles,
  init: { readonly banks: number; readonly accounts: number; readonly balance: number },
): Promise<void> => {
  const [first] = handles.values()
  for (const [name, db] of first ?? []) {
    await eventually(
      `${name} has its tables`,
      async () => {
        await db.transaction(TABLES.map((sql) => sql.replace(/^CREATE (TABLE|INDEX)/, 'CREATE $1 IF NOT EXISTS')))
        return true
      },
      { limitMs: LIMIT_MS },
    )
    const accounts = Array.from({ length: init.banks * init.accounts }, (_, at) => [
      `bank${Math.floor(at / init.accounts)}`,
      at % init.accounts,
      init.balance,
    ])
    for (let from = 0; from < accounts.length; from += 100) {
      const some = accounts.slice(from, from + 100)
      const rows = some.map(() => '(?, ?, ?)').join(', ')
      const open = async (): Promise<boolean> => {
        await db.execute(`INSERT OR IGNORE INTO accounts (bank, account, balance) VALUES ${rows}`, some.flat())
        return true
      }
      await eventually(`${name} has its accounts`, open, { limitMs: LIMIT_MS })
    }
  }
}
