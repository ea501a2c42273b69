/** At which places (from 0) these functions take a time value, and with how few arguments they mean now by themselves. */
interface TimeFunction {
  readonly timeValues: readonly number[]
  /** With exactly this many arguments the time value is left out, which is `'now'`. */
  readonly nowAtCount: number | undefined
}

/** SQLite's date and time functions (https://sqlite.org/lang_datefunc.html), by name in lower case. */
export const TIME_FUNCTIONS: ReadonlyMap<string, TimeFunction> = new Map<string, TimeFunction>([
  ...['date', 'time', 'datetime', 'julianday', 'unixepoch'].map(
    (name) => [name, { timeValues: [0], nowAtCount: 0 }] as const,
  ),
  ['strftime', { timeValues: [1], nowAtCount: 1 }],
  ['timediff', { timeValues: [0, 1], nowAtCount: undefined }],
])

/** Keywords for now. In quotes they name functions too: `"current_date"()`. */
export const TIME_KEYWORDS: ReadonlySet<string> = new Set(['current_date', 'current_time', 'current_timestamp'])

/** Functions with another value at each call. */
export const RANDOM_FUNCTIONS: ReadonlySet<string> = new Set(['random', 'randomblob'])

/** Functions that tell what the connection did before; each replica's connection has its own past. */
export const CONNECTION_FUNCTIONS: ReadonlySet<string> = new Set(['changes', 'last_insert_rowid'])

/** Functions that tell of the process, its build or its files: replicas may differ at any time. */
export const REPLICA_FUNCTIONS: ReadonlySet<string> = new Set([
  'fts5_source_id',
  'sqlite_compileoption_get',
  'sqlite_compileoption_used',
  'sqlite_offset',
  'sqlite_source_id',
  'sqlite_version',
  'total_changes',
])

/** The table-valued PRAGMA functions whose rows follow from the schema alone. */
export const SCHEMA_PRAGMA_FUNCTIONS: ReadonlySet<string> = new Set([
  'pragma_foreign_key_list',
  'pragma_index_info',
  'pragma_index_list',
  'pragma_index_xinfo',
  'pragma_table_info',
  'pragma_table_xinfo',
])

/** Whether a name (in lower case) is one of those this folder deals with, called or not. */
export const isVolatileName = (name: string): boolean =>
  TIME_FUNCTIONS.has(name) ||
  TIME_KEYWORDS.has(name) ||
  RANDOM_FUNCTIONS.has(name) ||
  CONNECTION_FUNCTIONS.has(name) ||
  REPLICA_FUNCTIONS.has(name) ||
  name.startsWith('pragma_')
