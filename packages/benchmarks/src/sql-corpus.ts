import type { SqlArgs } from '@dbcluster/protocol'

/** A statement as applications send it. */
export interface SqlCase {
  readonly name: string
  readonly sql: string
  readonly args?: SqlArgs
}

/** Tables that the statements write; the second has a default that differs by time. */
export const SQL_SCHEMA: readonly string[] = [
  'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE, age INTEGER)',
  'CREATE TABLE notes (id INTEGER PRIMARY KEY, user_id INTEGER, text TEXT, at TEXT DEFAULT CURRENT_TIMESTAMP)',
]

const rows = (count: number): string => Array.from({ length: count }, () => '(?, ?)').join(', ')
const args = (count: number): readonly (string | number)[] =>
  Array.from({ length: 2 * count }, (_, at) => (at % 2 === 0 ? at : `text ${at}`))

/** From the shortest to what a bulk load sends. */
export const SQL_CORPUS: readonly SqlCase[] = [
  { name: 'read by key', sql: 'SELECT id, name, email FROM users WHERE id = ?', args: [1] },
  {
    name: 'join, group, order',
    sql: 'SELECT u.name, count(*) AS n, max(n.at) FROM users AS u JOIN notes AS n ON n.user_id = u.id WHERE u.age BETWEEN ? AND ? AND n.text LIKE ? GROUP BY u.id HAVING count(*) > 1 ORDER BY n DESC LIMIT 20 OFFSET ?',
    args: [18, 65, '%x%', 0],
  },
  {
    name: 'common table expressions',
    sql: 'WITH RECURSIVE tree(id, depth) AS (SELECT id, 0 FROM users WHERE id = :root UNION ALL SELECT n.user_id, depth + 1 FROM notes n JOIN tree t ON n.id = t.id WHERE depth < 10) SELECT * FROM tree WHERE depth > :least',
    args: { root: 1, least: 2 },
  },
  { name: 'insert', sql: 'INSERT INTO users (name, email, age) VALUES (?, ?, ?)', args: ['a', 'a@example.com', 30] },
  {
    name: 'upsert, returning',
    sql: 'INSERT INTO users (name, email) VALUES (?, ?) ON CONFLICT (email) DO UPDATE SET name = excluded.name RETURNING id',
    args: ['a', 'a@example.com'],
  },
  { name: 'update', sql: 'UPDATE users SET name = ?, age = age + 1 WHERE id = ?', args: ['b', 1] },
  { name: 'delete', sql: 'DELETE FROM notes WHERE user_id = ? AND at < ?', args: [1, '2026-01-01'] },
  { name: 'insert, a default written in', sql: 'INSERT INTO notes (user_id, text) VALUES (?, ?)', args: [1, 'x'] },
  { name: 'update with the time', sql: "UPDATE notes SET text = ?, at = datetime('now') WHERE id = ?", args: ['x', 1] },
  { name: 'insert of 100 rows', sql: `INSERT INTO users (age, name) VALUES ${rows(100)}`, args: args(100) },
  {
    name: 'insert of 1,000 rows, a default written in',
    sql: `INSERT INTO notes (user_id, text) VALUES ${rows(1_000)}`,
    args: args(1_000),
  },
  {
    name: 'create table',
    sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE, total REAL CHECK (total >= 0), state TEXT NOT NULL DEFAULT 'new', created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)",
  },
]
