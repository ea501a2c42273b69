/**
 * What every database of a run has. Columns that default to the time or to chance make replicas differ as soon as a
 * statement is evaluated twice; the last step of a run compares them.
 */
export const TABLES = [
  'CREATE TABLE registers (key TEXT PRIMARY KEY, value INTEGER NOT NULL)',
  `CREATE TABLE entries (seq INTEGER PRIMARY KEY AUTOINCREMENT, list TEXT NOT NULL, value INTEGER NOT NULL,
    made_at TEXT DEFAULT CURRENT_TIMESTAMP, token TEXT DEFAULT (hex(randomblob(8))))`,
  'CREATE INDEX entries_of_list ON entries (list)',
  `CREATE TABLE accounts (bank TEXT NOT NULL, account INTEGER NOT NULL, balance INTEGER NOT NULL CHECK (balance >= 0),
    PRIMARY KEY (bank, account))`,
  `CREATE TABLE transfers (id INTEGER PRIMARY KEY, bank TEXT NOT NULL, source INTEGER NOT NULL, target INTEGER NOT NULL,
    amount INTEGER NOT NULL, made_at TEXT DEFAULT (datetime('now')))`,
] as const

/** Names of the tables, in an order that stays. */
export const TABLE_NAMES = ['registers', 'entries', 'accounts', 'transfers'] as const
