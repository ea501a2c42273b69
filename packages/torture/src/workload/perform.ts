import type { Database } from '@dbcluster/client'
import type { Invocation, Level, Outputs, Transfer } from '../history/event.js'

/** Operations of clients; dumps of replicas go another way. */
export type ClientInvocation = Exclude<Invocation, { f: 'replica.dump' }>

/** A swap that found another value than it was told to replace: nothing was done, and that is no error. */
export const OTHER_VALUE = 'OTHER_VALUE'

/** What an operation brought: an answer (none for writes), or {@link OTHER_VALUE}. */
export type Performed = { readonly output?: Outputs[keyof Outputs] } | typeof OTHER_VALUE

/** Carries one operation out through the SDK. @throws DbClusterError */
export const perform = async (db: Database, invocation: ClientInvocation, timeoutMs: number): Promise<Performed> => {
  const name = invocation.key.slice(invocation.key.indexOf('/') + 1)
  switch (invocation.f) {
    case 'register.write':
      await db.execute(
        'INSERT INTO registers (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
        [name, invocation.value],
        { timeoutMs },
      )
      return {}
    case 'register.cas': {
      const [from, to] = invocation.value
      const swap = 'UPDATE registers SET value = ? WHERE key = ? AND value = ?'
      const { rowsAffected } = await db.execute(swap, [to, name, from], { timeoutMs })
      return rowsAffected === 1 ? {} : OTHER_VALUE
    }
    case 'list.append':
      await db.execute('INSERT INTO entries (list, value) VALUES (?, ?)', [name, invocation.value], { timeoutMs })
      return {}
    case 'bank.transfer':
      await transfer(db, name, invocation.value, timeoutMs)
      return {}
    default:
      return { output: await read(db, name, invocation, timeoutMs) }
  }
}

/** All or nothing; nothing when the money isn't there. */
const transfer = async (db: Database, bank: string, { id, from, to, amount }: Transfer, timeoutMs: number) => {
  const covered = 'EXISTS (SELECT 1 FROM accounts WHERE bank = ? AND account = ? AND balance >= ?)'
  await db.transaction(
    [
      { sql: `SELECT ${covered}`, args: [bank, from, amount], assert: true },
      ['UPDATE accounts SET balance = balance - ? WHERE bank = ? AND account = ?', [amount, bank, from]],
      ['UPDATE accounts SET balance = balance + ? WHERE bank = ? AND account = ?', [amount, bank, to]],
      ['INSERT INTO transfers (id, bank, source, target, amount) VALUES (?, ?, ?, ?, ?)', [id, bank, from, to, amount]],
    ],
    { timeoutMs },
  )
}

const read = async (
  db: Database,
  name: string,
  { f, level }: Extract<ClientInvocation, { level: Level }>,
  timeoutMs: number,
): Promise<Outputs[keyof Outputs]> => {
  const options = { consistency: level, timeoutMs }
  const numbers = async (sql: string): Promise<readonly number[]> =>
    (await db.query(sql, [name], options)).values.map(([value]) => Number(value))
  switch (f) {
    case 'register.read':
      return (await numbers('SELECT value FROM registers WHERE key = ?'))[0] ?? null
    case 'list.read':
      return numbers('SELECT value FROM entries WHERE list = ? ORDER BY seq')
    case 'bank.read':
      return numbers('SELECT balance FROM accounts WHERE bank = ? ORDER BY account')
    case 'bank.audit': {
      const { values } = await db.query(AUDIT, [name, name], options)
      const rows = values.map((row) => row.map(Number))
      return {
        balances: rows.flatMap(([id, , , amount]) => (id === 0 && amount !== undefined ? [amount] : [])),
        transfers: rows.flatMap(([id = 0, from = 0, to = 0, amount = 0]) =>
          id === 0 ? [] : [{ id, from, to, amount }],
        ),
      }
    }
  }
}

/** Balances and transfers of one moment; ids of transfers begin with 1. */
const AUDIT = `SELECT 0 AS id, account AS source, 0 AS target, balance AS amount FROM accounts WHERE bank = ?
  UNION ALL SELECT id, source, target, amount FROM transfers WHERE bank = ? ORDER BY 1, 2`
