import type { SqlValue } from '@dbcluster/protocol'
import { TIMES, TIMES_TABLE } from '@dbcluster/sql/time-expressions'
import type { TestCluster } from '@dbcluster/testkit'

/** An expression, and the arguments of its parameters. */
type Expression = readonly [sql: string, ...args: SqlValue[]]

/** What SQLite's random generator gives (https://sqlite.org/lang_corefunc.html), beside all of {@link TIMES}. */
const RANDOM: readonly Expression[] = [
  ['random()'],
  ['random(*)'],
  ['"random"()'],
  ['abs(random() % 10)'],
  ['randomblob(16)'],
  ['lower(hex(randomblob(16)))'],
  ['randomblob(?)', 9],
  ['(SELECT random())'],
  ['datetime(random() / 1e9)'],
]

/** Every kind of column default that is evaluated anew for each row. */
export const DEFAULTS: readonly string[] = [
  ...['CURRENT_TIMESTAMP', 'CURRENT_DATE', 'CURRENT_TIME', '(random())', '(randomblob(8))', '(hex(randomblob(8)))'],
  ...["(datetime('now', 'subsec'))", "(unixepoch('subsec'))", '(julianday())', "(strftime('%f', 'now'))"],
  ...["(timediff('now', '2000-01-01'))", "(datetime('now', 'localtime'))", "(time('now', 'utc'))", '(date())'],
  ...["(strftime('%s'))", "(datetime('now', 'start of month', '-1 day'))", '(unixepoch() * 1000)'],
]
const DEFAULT_COLUMNS = DEFAULTS.map((value, at) => `c${at} DEFAULT ${value}`).join(', ')

const STATEMENTS_AT_ONCE = 15

/**
 * Writes everything that SQLite documents as different each time, or on each connection, into the database, every
 * request through another node than the one before. Leaves a table `d` with a column for each of {@link DEFAULTS}.
 */
export const writeEverything = async (cluster: TestCluster, database: string): Promise<void> => {
  let turn = 0
  const next = (): number => {
    turn += 1
    return turn % cluster.nodes.length
  }
  const all = async (statements: readonly Expression[]): Promise<void> => {
    for (let from = 0; from < statements.length; from += STATEMENTS_AT_ONCE) {
      const some = statements.slice(from, from + STATEMENTS_AT_ONCE).map(([sql, ...args]) => ({ sql, args }))
      const { results } = await cluster.ask(next(), { op: 'batch', database, statements: some })
      const failed = results.flatMap((result, at) => ('error' in result ? [[some[at]?.sql, result.error]] : []))
      if (failed.length > 0) throw new Error(`refused: ${JSON.stringify(failed)}`)
    }
  }
  const each = (before: string, behind: (at: number) => string, list: readonly Expression[]): Promise<void> =>
    all(list.map(([sql, ...args], at) => [`${before}${sql}${behind(at)}`, ...args] as const))

  await all([...TIMES_TABLE, 'CREATE TABLE r (id INTEGER PRIMARY KEY, v, w)'].map((sql) => [sql]))
  await each('INSERT INTO r(v) VALUES (', () => ')', [...TIMES, ...RANDOM])
  await each('UPDATE r SET w = ', (at) => ` WHERE id = ${at + 1}`, TIMES)
  await each('INSERT INTO r(v) SELECT ', () => '', [...TIMES.filter(([, ...args]) => args.length === 0), ...RANDOM])
  await all([
    ["UPDATE s SET \"now\" = datetime(at, 'subsec'), at = CURRENT_TIMESTAMP WHERE datetime(at) <= datetime('now')"],
    [`CREATE TABLE d (id INTEGER PRIMARY KEY, v UNIQUE, ${DEFAULT_COLUMNS})`],
    ['INSERT INTO d DEFAULT VALUES'],
    ['INSERT INTO d(v) VALUES (?), (?)', 'a', 'b'],
    ['REPLACE INTO d(id, v) VALUES (2, 3)'],
    ['INSERT OR IGNORE INTO d(v) VALUES (3), (4)'],
    ["INSERT INTO d(v) VALUES (4) ON CONFLICT (v) DO UPDATE SET v = julianday('now')"],
    ['INSERT INTO d(v) VALUES (5) ON CONFLICT (v) DO NOTHING'],
    ['INSERT INTO d(id, c0) VALUES (9, random()) RETURNING c1, CURRENT_TIMESTAMP'],
    ['CREATE TABLE late (id INTEGER PRIMARY KEY, v, at DATETIME DEFAULT CURRENT_TIMESTAMP)'],
    ['INSERT INTO late(v) SELECT id FROM d ORDER BY id DESC'],
    ['WITH one(v) AS (SELECT 7) INSERT INTO late(v) SELECT v FROM one'],
    ['ALTER TABLE late RENAME COLUMN at TO made'],
    ['ALTER TABLE late RENAME TO later'],
    ['INSERT INTO later(v) VALUES (1)'],
    ["CREATE TABLE copied AS SELECT datetime('now', 'subsec') AS at, made FROM later"],
    ['ALTER TABLE later ADD COLUMN extra DEFAULT 7'],
    // No rows yet: only then SQLite adds a column with such a default.
    ['CREATE TABLE added (id INTEGER PRIMARY KEY)'],
    ['ALTER TABLE added ADD COLUMN at DEFAULT CURRENT_TIMESTAMP'],
    ['INSERT INTO added DEFAULT VALUES'],
    ['CREATE TABLE keyed (at TEXT DEFAULT CURRENT_TIMESTAMP PRIMARY KEY, v) WITHOUT ROWID'],
    ['INSERT INTO keyed(v) VALUES (1)'],
    // The rowid is SQLite's to choose, but not at random: one more than the largest, or than there ever was.
    ['CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, at DEFAULT (random()))'],
    ['INSERT INTO counted DEFAULT VALUES'],
    ['DELETE FROM counted'],
    ['INSERT INTO counted DEFAULT VALUES'],
    ['CREATE TABLE log (id INTEGER PRIMARY KEY, what, at)'],
    [
      'CREATE TRIGGER audit AFTER UPDATE ON later BEGIN INSERT INTO log(what, at) VALUES (NEW.v, datetime(NEW.made)); END',
    ],
    ['UPDATE later SET v = abs(v) + 1'],
    ["DELETE FROM log WHERE at > datetime('now', '+1 day') RETURNING datetime('now')"],
  ])
  await cluster.ask(next(), {
    op: 'transaction',
    database,
    statements: [
      { sql: 'INSERT INTO r(v) VALUES (CURRENT_TIMESTAMP)' },
      { sql: 'INSERT INTO log(what, at) VALUES (last_insert_rowid(), changes())' },
      { sql: "SELECT changes() = 1 AND datetime('now') > '2020'", assert: true },
      { sql: 'CREATE TABLE within (id INTEGER PRIMARY KEY, at DEFAULT (julianday()), token DEFAULT (randomblob(4)))' },
      { sql: 'INSERT INTO within(id) VALUES (1)' },
      {
        sql: "CREATE TRIGGER counts AFTER DELETE ON within BEGIN INSERT INTO log(what) VALUES ('gone'); INSERT INTO log(what) VALUES (last_insert_rowid()); END",
      },
      { sql: 'DELETE FROM within' },
      { sql: 'INSERT INTO within(id) VALUES (2)' },
    ],
  })
}

/** What no single value can stand for: refused, with what is done before it. */
export const REFUSED: readonly string[] = [
  'INSERT INTO r(v) SELECT random() FROM s',
  'INSERT INTO r(v) SELECT id FROM s ORDER BY random() LIMIT 1',
  'INSERT INTO r(v) SELECT hex(randomblob(4)) FROM s',
  'UPDATE r SET w = random()',
  'UPDATE r SET w = randomblob(4) WHERE id = 1',
  'DELETE FROM r WHERE random() > 0',
  'INSERT INTO d(v) VALUES (6), (7) ON CONFLICT (v) DO UPDATE SET c0 = random()',
  'CREATE TABLE n AS SELECT random() AS v FROM s',
  'INSERT INTO r(v) VALUES (randomblob(abs(4)))',
  'INSERT INTO r(v) VALUES (randomblob(1000000))',
  'INSERT INTO r(v) VALUES (last_insert_rowid())',
  'INSERT INTO r(v) VALUES (changes())',
  'UPDATE r SET w = total_changes()',
  'INSERT INTO r(v) VALUES (sqlite_version())',
  'INSERT INTO r(v) VALUES (sqlite_source_id())',
  "INSERT INTO r(v) VALUES (sqlite_compileoption_used('THREADSAFE'))",
  'INSERT INTO r(v) VALUES (sqlite_compileoption_get(0))',
  'UPDATE r SET w = sqlite_offset(v)',
  'INSERT INTO r(v) VALUES (fts5_source_id())',
  'INSERT INTO r(v) SELECT * FROM pragma_compile_options',
  'INSERT INTO r(v) SELECT name FROM pragma_function_list',
  'INSERT INTO r(v) SELECT * FROM pragma_schema_version',
  'INSERT INTO r(v) SELECT * FROM pragma_freelist_count',
  'INSERT INTO r(id) VALUES (9223372036854775807)',
  'UPDATE r SET id = 0x7fffffffffffffff WHERE id = 1',
  "CREATE VIEW n AS SELECT datetime('now')",
  'CREATE VIEW n AS SELECT random()',
  'CREATE TRIGGER n AFTER DELETE ON r BEGIN INSERT INTO log(at) VALUES (CURRENT_TIMESTAMP); END',
  'CREATE TRIGGER n AFTER DELETE ON r BEGIN INSERT INTO log(at) VALUES (random()); END',
  'CREATE TRIGGER n AFTER DELETE ON r BEGIN INSERT INTO log(at) VALUES (changes()); END',
  'CREATE TRIGGER n AFTER DELETE ON r BEGIN INSERT INTO d(v) VALUES (1); END',
  "CREATE TABLE n (a, b AS (datetime('now')))",
  'CREATE TABLE n (a, b AS (random()) STORED)',
  'CREATE TABLE n (a CHECK (a <= CURRENT_TIMESTAMP))',
  'CREATE TABLE n (a DEFAULT (total_changes()))',
  'CREATE TABLE n (a DEFAULT (last_insert_rowid()))',
  'CREATE TABLE n (a DEFAULT (sqlite_version()))',
  'CREATE INDEX n ON r (random())',
  "CREATE INDEX n ON r (v) WHERE v < date('now')",
]
