import { DataSource, type EntitySchema } from 'typeorm'
import { type Execute, objectsOf } from './execute.js'

type Fail = (error: unknown) => void

/**
 * TypeORM over this cluster. Of its drivers for SQLite the one for React Native is the one whose connection is
 * asynchronous and comes as an object; what it writes is the same (`AbstractSqliteDriver`).
 */
export const typeormOver = async (execute: Execute, entities: readonly EntitySchema[]): Promise<DataSource> => {
  const connection = {
    executeSql: (sql: string, args: readonly unknown[] | undefined, ok: (raw: unknown) => void, fail: Fail): void => {
      execute(sql, args ?? []).then((result) => {
        const rows = objectsOf(result)
        const { rowsAffected, lastInsertId } = result
        ok({ rowsAffected, insertId: lastInsertId, rows: { length: rows.length, item: (at: number) => rows[at] } })
      }, fail)
    },
    close: (ok: () => void): void => ok(),
  }
  const driver = { openDatabase: (_options: unknown, ok: (opened: unknown) => void): void => ok(connection) }
  const source = new DataSource({
    type: 'react-native',
    database: 'none',
    location: 'default',
    driver,
    entities: [...entities],
    synchronize: true,
  })
  return source.initialize()
}
