import { type DatabaseConnection, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { type Execute, objectsOf } from './execute.js'

/** Kysely with its own SQLite compiler and introspector, over this cluster. */
export const kyselyOver = <T>(execute: Execute): Kysely<T> => {
  const nothing = async (): Promise<void> => undefined
  const connection: DatabaseConnection = {
    executeQuery: async ({ sql, parameters }) => {
      const result = await execute(sql, parameters)
      return {
        rows: objectsOf(result) as never[],
        numAffectedRows: BigInt(result.rowsAffected),
        insertId: BigInt(result.lastInsertId),
      }
    },
    streamQuery: () => {
      throw new Error('not used here')
    },
  }
  return new Kysely<T>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createQueryCompiler: () => new SqliteQueryCompiler(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createDriver: () => ({
        init: nothing,
        acquireConnection: async () => connection,
        beginTransaction: nothing,
        commitTransaction: nothing,
        rollbackTransaction: nothing,
        releaseConnection: nothing,
        destroy: nothing,
      }),
    },
  })
}
