import { createRequire } from 'node:module'
import knex, { type Knex } from 'knex'
import { type Execute, objectsOf } from './execute.js'

/** The dialect itself, which the package's types leave out. */
const Sqlite3Client = createRequire(import.meta.url)('knex/lib/dialects/sqlite3') as typeof Knex.Client

type Callback = (this: unknown, error: unknown, rows?: unknown) => void

/** Knex with its own SQLite dialect, over this cluster in the place of the native driver. */
export const knexOver = (execute: Execute): Knex => {
  /** As the package `sqlite3` has it, as far as Knex uses it. */
  class Connection {
    constructor(_file: string, _flags: number, opened: Callback) {
      setImmediate(() => opened.call(this, null))
    }
    run(sql: string, args: readonly unknown[], done: Callback): void {
      execute(sql, args).then(
        ({ rowsAffected, lastInsertId }) => done.call({ changes: rowsAffected, lastID: lastInsertId }, null),
        (error: unknown) => done.call(this, error),
      )
    }
    all(sql: string, args: readonly unknown[], done: Callback): void {
      execute(sql, args).then(
        (result) => done.call(this, null, objectsOf(result)),
        (error: unknown) => done.call(this, error),
      )
    }
    close(done: Callback): void {
      done.call(this, null)
    }
  }
  class Client extends Sqlite3Client {
    _driver(): unknown {
      return { OPEN_READWRITE: 2, OPEN_CREATE: 4, Database: Connection }
    }
  }
  return knex({ client: Client, connection: { filename: 'none' }, useNullAsDefault: true })
}
