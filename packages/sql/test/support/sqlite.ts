import sqlite3InitModule from '@sqlite.org/sqlite-wasm'

/** One statement as SQLite compiled it. */
export interface CompiledStatement {
  /** The text it was compiled from, as far as SQLite read. */
  readonly sql: string
  readonly readOnly: boolean
  readonly explain: boolean
  readonly parameterCount: number
  /** The number that each of these names has, 0 for none. */
  readonly numberOf: ReadonlyMap<string, number>
}

/** What SQLite asked its authorizer for while it compiled. */
export interface AuthorizedAction {
  readonly action: string
  readonly first: string | undefined
  readonly second: string | undefined
}

/** What became of a text. */
export interface Compilation {
  readonly statements: readonly CompiledStatement[]
  /** SQLite's message where it stopped. */
  readonly error: string | undefined
  readonly actions: readonly AuthorizedAction[]
}

/** A real SQLite, as judge. */
export interface Judge {
  /** Compiles every statement of a text as rqlite's driver would, one after the other, without running any. */
  compile(sql: string, names?: Iterable<string>): Compilation
  /** Runs one statement with positional parameters and gives its rows. */
  rows(sql: string, params?: readonly unknown[]): unknown[][]
  close(): void
}

const ACTIONS: Readonly<Record<number, string>> = {
  3: 'CREATE_TEMP_INDEX',
  4: 'CREATE_TEMP_TABLE',
  5: 'CREATE_TEMP_TRIGGER',
  6: 'CREATE_TEMP_VIEW',
  9: 'DELETE',
  18: 'INSERT',
  19: 'PRAGMA',
  22: 'TRANSACTION',
  23: 'UPDATE',
  24: 'ATTACH',
  25: 'DETACH',
  29: 'CREATE_VTABLE',
  31: 'FUNCTION',
  32: 'SAVEPOINT',
}

/** Opens an empty in-memory database with this schema. */
export const openJudge = async (schema: string): Promise<Judge> => {
  const { capi, wasm, oo1 } = await sqlite3InitModule({ print: () => undefined, printErr: () => undefined })
  const db = new oo1.DB(':memory:')
  const handle = db.pointer
  if (handle === undefined) throw new Error('the database is not open')
  db.exec(schema)
  let actions: AuthorizedAction[] = []
  const text = (value: string | 0): string | undefined => (value === 0 ? undefined : value)
  capi.sqlite3_set_authorizer(
    handle,
    (_context, code, first, second) => {
      actions.push({ action: ACTIONS[code] ?? String(code), first: text(first), second: text(second) })
      return 0
    },
    0,
  )
  // Text in double quotes may be a string where no column has the name: so it is in rqlite's build.
  for (const option of [capi.SQLITE_DBCONFIG_DQS_DDL, capi.SQLITE_DBCONFIG_DQS_DML]) {
    capi.sqlite3_db_config(handle, option, 1, 0)
  }

  const compile = (sql: string, names: Iterable<string> = []): Compilation => {
    actions = []
    const statements: CompiledStatement[] = []
    const bytes = new TextEncoder().encode(`${sql}\0`)
    const start = wasm.allocFromTypedArray(bytes)
    const end = start + bytes.length - 1
    const scope = wasm.scopedAllocPush()
    try {
      const [out = 0, tail = 0] = wasm.scopedAllocPtr(2, true)
      for (let at = start; at < end; ) {
        const code = capi.sqlite3_prepare_v3(handle, at, end - at, 0, out, tail)
        if (code !== 0) return { statements, actions, error: capi.sqlite3_errmsg(handle) }
        const next = wasm.peekPtr(tail)
        const statement = wasm.peekPtr(out)
        if (statement !== 0) {
          statements.push({
            sql: new TextDecoder().decode(wasm.heap8u().slice(at, next)),
            readOnly: capi.sqlite3_stmt_readonly(statement) !== 0,
            explain: capi.sqlite3_stmt_isexplain(statement) !== 0,
            parameterCount: capi.sqlite3_bind_parameter_count(statement),
            numberOf: new Map(
              Array.from(names, (name) => [name, capi.sqlite3_bind_parameter_index(statement, name)] as const),
            ),
          })
          capi.sqlite3_finalize(statement)
        }
        if (next <= at) break
        at = next
      }
      return { statements, actions, error: undefined }
    } finally {
      wasm.scopedAllocPop(scope)
      wasm.dealloc(start)
    }
  }
  return {
    compile,
    rows: (sql, params = []) =>
      db.exec({
        sql,
        bind: params.length === 0 ? undefined : [...params],
        rowMode: 'array',
        returnValue: 'resultRows',
      } as never) as unknown as unknown[][],
    close: () => db.close(),
  }
}
