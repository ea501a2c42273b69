import type { SqlValue } from '@dbcluster/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import {
  afterDefinition,
  decodeDefault,
  type KnownSchema,
  knownSchemaOf,
  makeDeterministic,
  markerIn,
  NO_PAST,
  pastAfter,
  planStatement,
  restoreDefaults,
  type SchemaRow,
} from '../../src/index.js'
import { type Judge, openJudge } from '../support/sqlite.js'
import { withCode } from '../support/with-code.js'

const NOW_MS = Date.UTC(2026, 1, 28, 23, 59, 58, 876)
const NOW = '2026-02-28 23:59:58'

let judge: Judge
let plainSqlite: Judge
beforeAll(async () => {
  jest.spyOn(Date, 'now').mockReturnValue(NOW_MS)
  // The WebAssembly build warns of each failing step, and failing is what some are here for.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined)
  judge = await openJudge('SELECT 1')
  plainSqlite = await openJudge('SELECT 1')
})
afterAll(() => {
  jest.restoreAllMocks()
  judge?.close()
  plainSqlite?.close()
})
beforeEach(() => {
  for (const sqlite of [judge, plainSqlite]) {
    const objects = "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'"
    for (const [type, name] of sqlite.rows(objects)) sqlite.rows(`DROP ${type} "${name}"`)
  }
})

const schema = (): KnownSchema =>
  knownSchemaOf(
    (judge.rows('SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL') as string[][]).map(
      ([type = '', name = '', table = '', sql = '']): SchemaRow => ({ type, name, table, sql }),
    ),
  )
const randomBytes = (count: number): Uint8Array => new Uint8Array(count).fill(7)
const fixed = (sql: string, known = schema()): string =>
  makeDeterministic(planStatement(sql), [], { nowMs: NOW_MS, randomBytes, schema: known }).sql
/** Through the node to one, as it is to the other. */
const run = (sql: string): void => {
  judge.rows(fixed(sql))
  plainSqlite.rows(sql)
}

const DEFAULTS = [
  'CURRENT_TIMESTAMP',
  'current_date',
  '(CURRENT_TIME)',
  "(datetime('now'))",
  "( datetime ( 'now' , '+1 day' ) /* tomorrow */ )",
  "(datetime('now') -- now\n)",
  "((strftime('%s', 'now') * 1000))",
  "(strftime('%Y-%m-%dT%H:%M:%fZ'))",
  '(unixepoch())',
  "(julianday('now', 'utc'))",
  "(unixepoch('subsec'))",
  "('it''s ' || CURRENT_DATE)",
  "(datetime('n' || 'ow'))",
  "(CASE WHEN date('now') > '2000' THEN 'a' ELSE 'b' END)",
]
const PLAIN = [
  "'now'",
  '0',
  '-1',
  '+1.5',
  'NULL',
  "x'00'",
  'TRUE',
  'word',
  '(1 + 2)',
  "(date('2020-01-01'))",
  '"CURRENT_DATE"',
]
const table = (name: string, value: string): string =>
  `CREATE TABLE ${name}(id INTEGER PRIMARY KEY, "a b" TEXT, c DEFAULT ${value} NOT NULL, g AS (c || '!'), e DEFAULT 5, CHECK (id < 1000))`

const INSERTS = [
  'INSERT INTO t(id) VALUES (1)',
  "INSERT INTO t(id, \"a b\") VALUES (2, 'x'), (3, ')')",
  'INSERT INTO t DEFAULT VALUES',
  'REPLACE INTO t(id) VALUES (1)',
  'INSERT OR REPLACE INTO t([id]) VALUES (1)',
  "INSERT OR IGNORE INTO main.t(id, `a b`) VALUES (2, 'y')",
  'INSERT INTO T AS x(ID) VALUES (1) ON CONFLICT (id) DO UPDATE SET "a b" = \'again\', c = excluded.c',
  'INSERT INTO t(id) SELECT 10 UNION SELECT 11',
  'INSERT INTO t(id) SELECT id + 20 FROM t WHERE id < 4 ORDER BY id DESC LIMIT 2',
  'INSERT INTO t(id) SELECT 1 FROM t AS o JOIN t AS p ON o.id = p.id WHERE true ON CONFLICT DO NOTHING',
  'INSERT INTO t(id) VALUES (30) UNION ALL VALUES (31)',
  'WITH n(i) AS (VALUES (40), (41)) INSERT INTO t(id, "a b") SELECT i, i FROM n',
  'INSERT INTO t(id) WITH n(i) AS (VALUES (50)) SELECT i FROM n',
  "INSERT INTO t(id, c) VALUES (60, 'given')",
  "INSERT INTO t VALUES (61, 'x', 'given', 1)",
  'INSERT INTO t(id) VALUES (62) RETURNING id',
]

describe('a default that differs by time', () => {
  test.each(DEFAULTS)('DEFAULT %s', (value) => {
    run(table('t', value))
    for (const sql of INSERTS) run(sql)
    const rows = 'SELECT rowid, *, typeof(c) FROM t ORDER BY rowid'
    expect(judge.rows(rows)).toEqual(plainSqlite.rows(rows))
    expect(judge.rows(rows).length).toBeGreaterThan(10)
    // Not rewritten, it fails: that is how a stale schema shows.
    expect(() => judge.rows('INSERT INTO t(id) VALUES (999)')).toThrow(/dbcluster volatile/)
  })

  test.each(DEFAULTS)('is shown as it was written: DEFAULT %s', (value) => {
    run(table('t', value))
    const sql = 'SELECT sql FROM sqlite_schema'
    expect(restoreDefaults(String(judge.rows(sql)[0]?.[0]))).toBe(plainSqlite.rows(sql)[0]?.[0])
    const info = "SELECT dflt_value FROM pragma_table_xinfo('t') ORDER BY cid"
    const decoded = judge.rows(info).map(([text]) => (text === null ? null : decodeDefault(String(text))))
    expect(decoded).toEqual(plainSqlite.rows(info).map(([text]) => text))
    // A schema that was copied with its markers means the same.
    expect(fixed(String(judge.rows(sql)[0]?.[0]))).toBe(judge.rows(sql)[0]?.[0])
  })

  test.each(PLAIN)('is not one like DEFAULT %s', (value) => {
    const sql = table('t', value)
    expect(fixed(sql)).toBe(sql)
  })

  test('may be random', () => {
    run('CREATE TABLE t(id INTEGER PRIMARY KEY, r DEFAULT (random()), b DEFAULT (lower(hex(randomblob(16)))))')
    run('INSERT INTO t(id) VALUES (1), (2)')
    run('INSERT INTO t DEFAULT VALUES')
    expect(judge.rows('SELECT typeof(r), length(b) FROM t')).toEqual(
      plainSqlite.rows('SELECT typeof(r), length(b) FROM t'),
    )
    expect(() => fixed('INSERT INTO t(id) SELECT id + 10 FROM t')).toThrow(withCode('NONDETERMINISTIC_SQL'))
  })

  test('of several columns, tables without rowid and STRICT tables', () => {
    run(
      "CREATE TABLE t(k TEXT PRIMARY KEY, a TEXT DEFAULT CURRENT_DATE, b INT DEFAULT (unixepoch()), c TEXT REFERENCES o(x) ON DELETE SET DEFAULT DEFAULT 'x') STRICT, WITHOUT ROWID",
    )
    run("INSERT INTO t(k, b) VALUES ('p', 1)")
    run("INSERT INTO t(a, k) VALUES ('q', 'q')")
    run("INSERT INTO t(k) SELECT 'r'")
    expect(judge.rows('SELECT * FROM t')).toEqual(plainSqlite.rows('SELECT * FROM t'))
    expect(judge.rows("SELECT a FROM t WHERE k = 'p'")).toEqual([[NOW.slice(0, 10)]])
  })

  test('is followed through ALTER TABLE', () => {
    run('CREATE TABLE t(id INTEGER PRIMARY KEY)')
    run('ALTER TABLE t ADD COLUMN "at" DEFAULT CURRENT_TIMESTAMP')
    run('ALTER TABLE t ADD z DEFAULT 1')
    run('INSERT INTO t(id) VALUES (1)')
    run('ALTER TABLE t RENAME COLUMN at TO "made at"')
    run('INSERT INTO t(id) VALUES (2)')
    run('ALTER TABLE t RENAME z TO y')
    run('ALTER TABLE t RENAME TO u')
    run('INSERT INTO u(id) VALUES (3)')
    run('CREATE TABLE copy AS SELECT * FROM u')
    run('INSERT INTO copy(id) VALUES (4)')
    expect(judge.rows('SELECT * FROM u')).toEqual(plainSqlite.rows('SELECT * FROM u'))
    expect(judge.rows('SELECT "made at" FROM u')).toEqual([[NOW], [NOW], [NOW]])
    expect(judge.rows('SELECT * FROM copy')).toEqual(plainSqlite.rows('SELECT * FROM copy'))
    expect(() => run('ALTER TABLE u ADD COLUMN n DEFAULT CURRENT_TIMESTAMP')).toThrow(/non-constant default/)
    run('ALTER TABLE u DROP COLUMN "made at"')
    run('INSERT INTO u(id) VALUES (4)')
    expect(judge.rows('SELECT * FROM u')).toEqual(plainSqlite.rows('SELECT * FROM u'))
  })

  test('is known within one request, as its definitions go by', () => {
    let known: KnownSchema = new Map()
    const step = (sql: string): void => {
      const text = fixed(sql, known)
      judge.rows(text)
      known = afterDefinition(known, planStatement(text))
      expect([...known]).toEqual([...schema()])
    }
    step('CREATE TABLE t(id INTEGER PRIMARY KEY, at DEFAULT CURRENT_TIMESTAMP)')
    step('INSERT INTO t(id) VALUES (1)')
    step('CREATE TABLE IF NOT EXISTS t(id, at, never DEFAULT CURRENT_DATE)')
    step('ALTER TABLE t ADD COLUMN d DEFAULT 1')
    step('ALTER TABLE t RENAME COLUMN at TO made')
    step('ALTER TABLE t RENAME id TO key')
    step('ALTER TABLE t RENAME TO u')
    step('INSERT INTO u DEFAULT VALUES')
    step('CREATE TABLE w(a PRIMARY KEY) WITHOUT ROWID')
    step('CREATE TABLE i(a UNIQUE ON CONFLICT IGNORE)')
    step('CREATE TRIGGER tr BEFORE INSERT ON u BEGIN SELECT RAISE(IGNORE) WHERE NEW.key = 5; END')
    step('ALTER TABLE u DROP COLUMN made')
    step('DROP TABLE w')
  })

  test('in an upsert that replaces NULL by it fails closed', () => {
    run('CREATE TABLE t(id INTEGER PRIMARY KEY, c NOT NULL DEFAULT CURRENT_DATE)')
    const sql = fixed('INSERT OR REPLACE INTO t VALUES (1, NULL)')
    let message = ''
    try {
      judge.rows(sql)
    } catch (error) {
      message = (error as Error).message
    }
    expect(markerIn(message)).toBe('default')
    expect(markerIn('no such table: t')).toBeUndefined()
  })

  test('cannot smuggle anything into a statement', () => {
    for (const original of [
      '1); DROP TABLE t; --',
      "datetime('now')) RETURNING (SELECT 1",
      "readfile('/etc/passwd') || date('now')",
      "load_extension(date('now'))",
      "(date('now')), (1",
      "date('now') || ?",
    ]) {
      const marker = `(json_extract('{}','dbcluster volatile default: ${original.replaceAll("'", "''")}'))`
      const known = knownSchemaOf([
        { type: 'table', name: 't', table: 't', sql: `CREATE TABLE t(id INTEGER PRIMARY KEY, c DEFAULT ${marker}, d)` },
      ])
      let text = ''
      try {
        text = fixed('INSERT INTO t(id) VALUES (1)', known)
      } catch (error) {
        expect([
          'NONDETERMINISTIC_SQL',
          'SQL_FORBIDDEN',
          'SQL_ERROR',
          'SQL_MULTIPLE_STATEMENTS',
          'INVALID_VALUE',
        ]).toContain((error as { code?: string }).code)
        continue
      }
      expect(planStatement(text)).toMatchObject({ verb: 'INSERT', target: 't' })
    }
  })
})

describe('elsewhere in a schema such constructs are refused', () => {
  test.each([
    'CREATE TABLE t(a CHECK (a < CURRENT_TIMESTAMP))',
    "CREATE TABLE t(a, CHECK (a < date('now')))",
    'CREATE TABLE t(a CHECK (a <> random()))',
    "CREATE TABLE t(a, b AS (date('now')))",
    'CREATE TABLE t(a, b GENERATED ALWAYS AS (julianday()) STORED)',
    'CREATE TABLE t(a DEFAULT (last_insert_rowid()))',
    'CREATE TABLE t(a DEFAULT (changes()))',
    'CREATE TABLE t(a DEFAULT (sqlite_version()))',
    'CREATE TABLE t(a DEFAULT (randomblob(1 + 1)))',
    "CREATE INDEX i ON s(a) WHERE a < date('now')",
    'CREATE INDEX i ON s(a + random())',
    "CREATE VIEW v AS SELECT datetime('now')",
    'CREATE VIEW v AS SELECT datetime("now")',
    'CREATE VIEW v AS SELECT random() AS r',
    'CREATE VIEW v AS SELECT changes()',
    'CREATE VIEW v AS SELECT * FROM pragma_page_count',
    'CREATE TRIGGER r AFTER INSERT ON s BEGIN UPDATE s SET a = CURRENT_TIMESTAMP WHERE rowid = NEW.rowid; END',
    "CREATE TRIGGER r AFTER INSERT ON s WHEN date('now') > 1 BEGIN SELECT 1; END",
    'CREATE TRIGGER r AFTER INSERT ON s BEGIN INSERT INTO s(a) SELECT random(); END',
    'CREATE TRIGGER r AFTER UPDATE ON s BEGIN UPDATE s SET a = last_insert_rowid(); END',
    'CREATE TRIGGER r AFTER UPDATE ON s BEGIN UPDATE s SET a = changes(); END',
    'CREATE TRIGGER r AFTER INSERT ON s BEGIN INSERT INTO log(a) VALUES (1); END',
    'CREATE TRIGGER r AFTER INSERT ON s BEGIN INSERT INTO log DEFAULT VALUES; END',
    'CREATE TRIGGER begin INSERT ON s BEGIN INSERT INTO log DEFAULT VALUES; END',
    'CREATE TRIGGER r UPDATE OF at ON s BEGIN SELECT 1; WITH x AS (SELECT 1) INSERT INTO log(a) SELECT * FROM x; END',
    'CREATE TABLE made AS SELECT random() FROM s',
  ])('%s', (sql) => {
    run('CREATE TABLE s(a, at)')
    run('CREATE TABLE log(a, at DEFAULT CURRENT_TIMESTAMP)')
    expect(() => fixed(sql)).toThrow(withCode('NONDETERMINISTIC_SQL'))
  })

  test('and what looks alike is not', () => {
    run('CREATE TABLE s(a, at CHECK (at IS NULL OR date(at) IS NOT NULL), d AS (date(at)))')
    run('CREATE TABLE log(a, at DEFAULT CURRENT_TIMESTAMP)')
    run('CREATE INDEX i ON s(date(at))')
    run('CREATE VIEW v AS SELECT a, date(at) AS day FROM s')
    run("CREATE TRIGGER one AFTER INSERT ON s BEGIN INSERT INTO log VALUES (NEW.a, datetime(NEW.at, '+1 day')); END")
    run(
      "CREATE TRIGGER two AFTER DELETE ON s BEGIN INSERT INTO log(a, at) VALUES (1, 'x'); UPDATE log SET a = last_insert_rowid() WHERE at = 'x' AND changes() = 1; END",
    )
    run("INSERT INTO s VALUES (1, '2020-01-01')")
    run('DELETE FROM s')
    expect(judge.rows('SELECT * FROM log')).toEqual(plainSqlite.rows('SELECT * FROM log'))
    expect(() => judge.rows("INSERT INTO s VALUES (1, 'now')")).toThrow(/non-deterministic|dbcluster/)
  })

  test('a time that turns out to be now in a trigger fails, alike everywhere', () => {
    run('CREATE TABLE s(a)')
    run('CREATE TABLE log(a)')
    run('CREATE TRIGGER r AFTER INSERT ON s BEGIN INSERT INTO log VALUES (datetime(NEW.a)); END')
    expect(() => judge.rows(fixed("INSERT INTO s VALUES ('now')"))).toThrow(/dbcluster volatile/)
    expect(judge.rows('SELECT * FROM s')).toEqual([])
  })
})

describe('what the connection did before is known', () => {
  const context = { nowMs: NOW_MS, randomBytes }
  const use = (past: typeof NO_PAST, sql: string): string =>
    makeDeterministic(planStatement(sql), [], { ...context, schema: schema(), past }).sql
  const after = (sql: string): typeof NO_PAST => pastAfter(NO_PAST, planStatement(sql), schema())

  beforeEach(() => {
    run('CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE)')
    run('CREATE TABLE w(a PRIMARY KEY) WITHOUT ROWID')
    run('CREATE TABLE i(a UNIQUE ON CONFLICT IGNORE)')
    run('CREATE TABLE g(a)')
    run('CREATE TRIGGER tr BEFORE INSERT ON g BEGIN SELECT RAISE(IGNORE); END')
  })
  test.each(['INSERT INTO t(a) VALUES (1)', 'INSERT INTO t DEFAULT VALUES', 'REPLACE INTO t VALUES (1, 2), (2, 3)'])(
    'after %s',
    (sql) => {
      expect(use(after(sql), 'INSERT INTO t(a) VALUES (last_insert_rowid())')).toContain('last_insert_rowid()')
      expect(use(after(sql), 'UPDATE t SET a = changes()')).toContain('changes()')
    },
  )
  test.each([
    'INSERT OR IGNORE INTO t(a) VALUES (1)',
    'INSERT INTO t(a) VALUES (1) ON CONFLICT DO NOTHING',
    'INSERT INTO t(a) SELECT 1 WHERE 0',
    'INSERT INTO w VALUES (1)',
    'INSERT INTO i VALUES (1)',
    'INSERT INTO g VALUES (1)',
    'INSERT INTO unknown VALUES (1)',
    'UPDATE t SET a = 1',
    'DELETE FROM t',
  ])('but not the last rowid after %s', (sql) => {
    expect(() => use(after(sql), 'INSERT INTO t(a) VALUES (last_insert_rowid())')).toThrow(
      withCode('NONDETERMINISTIC_SQL'),
    )
    expect(use(after(sql), 'UPDATE t SET a = changes()')).toContain('changes()')
  })
  test('and total_changes() never', () => {
    const past = after('INSERT INTO t(a) VALUES (1)')
    expect(() => use(past, 'UPDATE t SET a = total_changes()')).toThrow(withCode('NONDETERMINISTIC_SQL'))
  })
})

describe('the largest rowid, behind which SQLite takes random ones,', () => {
  const LAST = 2n ** 63n - 1n
  const use = (sql: string, args: readonly SqlValue[] = []): void =>
    void makeDeterministic(planStatement(sql), args, { nowMs: NOW_MS, randomBytes, schema: schema() })
  beforeEach(() => {
    run('CREATE TABLE t(g AS (a), a, id INTEGER PRIMARY KEY)')
    run('CREATE TABLE c("Id" INTEGER, a, CONSTRAINT k PRIMARY KEY ("id" DESC))')
    run('CREATE TABLE auto(id INTEGER PRIMARY KEY AUTOINCREMENT, a)')
    run('CREATE TABLE w(id INTEGER PRIMARY KEY, a) WITHOUT ROWID')
    run('CREATE TABLE n(id INT PRIMARY KEY, a)')
  })
  test.each([
    ['INSERT INTO t(id) VALUES (9223372036854775807)'],
    ["INSERT INTO t(a, id) VALUES (1, 2), (1, '9223372036854775807')"],
    ['INSERT INTO t VALUES (1, 0x7FFFFFFFFFFFFFFF)'],
    ['REPLACE INTO t(_rowid_) VALUES (?)', LAST],
    ['INSERT INTO c(id, a) VALUES (?, ?)', LAST, 1],
    ['INSERT INTO n(a, rowid) VALUES (?, ?)', 1, String(LAST)],
    ['INSERT INTO t(id) VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1, id = ?', LAST],
    ['UPDATE t SET id = 9223372036854775807'],
    ['UPDATE t SET a = 1, oid = ?', LAST],
  ] as [string, ...SqlValue[]][])('is refused as one: %s', (sql, ...args) => {
    expect(() => use(sql, args)).toThrow(withCode('NONDETERMINISTIC_SQL'))
  })
  test.each([
    ['UPDATE t SET id == 9223372036854775807'],
    ['UPDATE t SET (a, id) = (1, 9223372036854775807)'],
    ['WITH x AS (SELECT 1) UPDATE OR IGNORE t SET a = 1 IS DISTINCT FROM 2, id = ? WHERE a = 5', LAST],
  ] as [string, ...SqlValue[]][])('is refused however it is assigned: %s', (sql, ...args) => {
    expect(() => use(sql, args)).toThrow(withCode('NONDETERMINISTIC_SQL'))
  })

  const guarded = (sql: string, args: readonly SqlValue[] = []): string =>
    makeDeterministic(planStatement(sql), args, { nowMs: NOW_MS, randomBytes, schema: schema() }).sql
  /** Past the node, as any statement could have stored it before. */
  const numbers = (): void => void judge.rows('INSERT INTO auto VALUES (9223372036854775807, 1), (5, 2)')
  const NEXT = '9223372036854775806 + 1'
  const TEXT = "'922337203685477580' || '7'"

  test.each([
    `INSERT INTO t(id) VALUES (${NEXT})`,
    `INSERT INTO t(a, id) VALUES (1, 2), (1, ${TEXT})`,
    `INSERT INTO t VALUES (1, ((${NEXT})))`,
    `INSERT INTO t(id) VALUES (' ' || ${TEXT})`,
    `REPLACE INTO n(a, oid) VALUES (1, ${NEXT})`,
    'INSERT INTO t(id) SELECT id FROM auto',
    'INSERT INTO t SELECT a, id FROM auto',
    'INSERT INTO c("Id", a) SELECT * FROM auto WHERE id > 5 ORDER BY a',
    'INSERT OR IGNORE INTO t(a, id) WITH x AS (SELECT * FROM auto) SELECT a, id FROM x',
    'WITH x AS (SELECT * FROM auto) INSERT INTO t(a, id) SELECT a, id FROM x ON CONFLICT DO NOTHING',
    `INSERT INTO t(id) VALUES (2) UNION ALL VALUES (${NEXT})`,
    `INSERT INTO t(id) VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1, id = excluded.id + 9223372036854775806`,
    `UPDATE t SET id = id + 9223372036854775806`,
    `UPDATE t SET a = 1, rowid = ${TEXT} WHERE id = 1`,
    'UPDATE t SET id = x.id FROM auto AS x WHERE x.a = t.id',
    `UPDATE t SET (a, id) = (1, ${NEXT})`,
    'UPDATE t SET (id) = (SELECT max(id) FROM auto)',
  ])('fails where it is computed: %s', (sql) => {
    numbers()
    judge.rows('INSERT INTO t(a, id) VALUES (0, 1)')
    let message = ''
    try {
      judge.rows(guarded(sql))
    } catch (error) {
      message = String(error)
    }
    expect(markerIn(message)).toBe('rowid')
    expect(judge.rows('SELECT * FROM t')).toEqual([[0, 0, 1]])
  })

  test.each([
    'INSERT INTO t(id, a) VALUES (1 + 1, 3), (NULL, 4), (coalesce(NULL, NULL), 5), (-3, 6)',
    "INSERT INTO t(a, id) VALUES (5, '1' || '0')",
    'INSERT INTO t SELECT a, id + 7 FROM s ORDER BY a DESC',
    'INSERT INTO t(a, id) SELECT a, NULL FROM s ORDER BY a DESC',
    'INSERT OR REPLACE INTO t(a, id) SELECT a, id FROM s WHERE true ON CONFLICT (id) DO UPDATE SET id = excluded.id + t.id + 5 WHERE t.id = 1',
    'INSERT INTO t(id, a) VALUES (abs(random() % 5) * 0 + 6, 5) RETURNING id + 0, a',
    'UPDATE t SET id = id + 10, a = a + 1 WHERE id IN (SELECT id FROM s)',
    'UPDATE t SET id = t.id + s.a FROM s WHERE s.id = t.id',
    "INSERT INTO t(id) VALUES ('a' || 'b')",
    "INSERT INTO t(id) VALUES (x'31' || '')",
    'INSERT INTO t(id, a) VALUES (1.5 + 1, 3)',
    'UPDATE t SET id = NULLIF(id, id)',
    'INSERT INTO t(a, id) SELECT a FROM s',
    'INSERT INTO t(a, id) WITH RECURSIVE n(x) AS (SELECT 50 UNION ALL SELECT x + 1 FROM n LIMIT 3) SELECT x, x FROM n',
    'REPLACE INTO n(rowid, id) SELECT id, id FROM s',
    'INSERT INTO late(id, a) SELECT id, a FROM s',
  ])('and otherwise nothing changes: %s', (sql) => {
    run('CREATE TABLE late(id INTEGER PRIMARY KEY, a, at DEFAULT CURRENT_TIMESTAMP)')
    run('CREATE TABLE s(a, id)')
    run('INSERT INTO s VALUES (1, 1), (2, 20), (3, 30)')
    run('INSERT INTO t(a, id) VALUES (0, 1), (9, 40)')
    const tables = (sqlite: Judge): unknown =>
      ['t', 'n', 'late'].map((name) => sqlite.rows(`SELECT rowid, * FROM ${name} ORDER BY rowid`))
    const outcome = (sqlite: Judge, text: string): unknown => {
      try {
        return sqlite.rows(text)
      } catch (error) {
        return /mismatch|values for/.exec(String(error))?.[0] ?? String(error)
      }
    }
    expect(outcome(judge, guarded(sql))).toEqual(outcome(plainSqlite, sql))
    expect(tables(judge)).toEqual(tables(plainSqlite))
  })

  test('nor may a full-text table have it, whose rows lie under rowids that SQLite chooses', () => {
    run('CREATE VIRTUAL TABLE f USING fts5(a)')
    numbers()
    expect(() => use('INSERT INTO f(rowid, a) VALUES (9223372036854775807, 1)')).toThrow(
      withCode('NONDETERMINISTIC_SQL'),
    )
    expect(() => judge.rows(guarded('INSERT INTO f(rowid, a) SELECT id, a FROM auto'))).toThrow('largest rowid')
    judge.rows(guarded('INSERT INTO f(rowid, a) SELECT id, a FROM auto WHERE id = 5'))
    expect(judge.rows("SELECT rowid FROM f WHERE f MATCH '2'")).toEqual([[5]])
    run('DROP TABLE f')
  })

  test('fails in a trigger too, which passes its own rows’ rowids on as they are', () => {
    const before = 'CREATE TRIGGER own AFTER INSERT ON t BEGIN INSERT INTO c(id) VALUES (NEW.id); END'
    expect(guarded(before)).toBe(before)
    const trigger = `CREATE TRIGGER next AFTER INSERT ON auto BEGIN INSERT INTO c(a, id) SELECT NEW.a, NEW.id; UPDATE t SET id = NEW.id + 1 WHERE a = NEW.a; END`
    judge.rows('INSERT INTO t(a, id) VALUES (7, 1)')
    judge.rows(guarded(trigger))
    judge.rows('INSERT INTO auto VALUES (5, 7)')
    expect(judge.rows('SELECT id, a FROM c UNION ALL SELECT id, a FROM t')).toEqual([
      [5, 7],
      [6, 7],
    ])
    expect(() => judge.rows('INSERT INTO auto VALUES (9223372036854775807, 1)')).toThrow('largest rowid')
    expect(() => judge.rows('INSERT INTO auto VALUES (9223372036854775806, 7)')).toThrow('largest rowid')
    judge.rows('DROP TRIGGER next')
  })

  test('a whole row that is set by a SELECT is refused when a rowid is in it', () => {
    expect(() => use('UPDATE t SET (a, id) = (SELECT 1, 2)')).toThrow(withCode('NONDETERMINISTIC_SQL'))
    expect(() => use('UPDATE n SET (a, id) = (SELECT 1, 2)')).not.toThrow()
  })

  test.each([
    ['INSERT INTO t(a, id) VALUES (?, 1)', LAST],
    ['INSERT INTO auto VALUES (?, 1)', LAST],
    ['INSERT INTO w VALUES (?, 1)', LAST],
    ['INSERT INTO n VALUES (?, 1)', LAST],
    ['UPDATE t SET a = ? WHERE id = 9223372036854775807', LAST],
    ['INSERT INTO t(id) VALUES (9223372036854775806)'],
  ] as [string, ...SqlValue[]][])('is a number like others elsewhere: %s', (sql, ...args) => {
    expect(() => use(sql, args)).not.toThrow()
  })
})

/** As the tools write them for SQLite. */
const TOOLS: Readonly<Record<string, readonly string[]>> = {
  drizzle: [
    "CREATE TABLE `users` (\n\t`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,\n\t`name` text,\n\t`created_at` integer DEFAULT (unixepoch()) NOT NULL,\n\t`updated_at` text DEFAULT (CURRENT_TIMESTAMP) NOT NULL,\n\t`at_ms` integer DEFAULT (cast((julianday('now') - 2440587.5)*86400000 as integer))\n)",
    'insert into "users" ("id", "name") values (null, \'a\'), (null, \'b\') returning "id", "created_at"',
    'insert into "users" ("id", "name", "created_at") values (1, \'c\', 5) on conflict ("users"."id") do update set "name" = excluded.name',
  ],
  kysely: [
    'create table "users" ("id" integer primary key autoincrement, "name" varchar not null, "created_at" timestamp default CURRENT_TIMESTAMP not null)',
    'insert into "users" ("name") values (\'a\') on conflict do nothing',
    'insert into "users" ("name") select "name" from "users" as "u" where "u"."id" > 0',
  ],
  prisma: [
    'CREATE TABLE "User" (\n    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,\n    "name" TEXT,\n    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,\n    CONSTRAINT "x" UNIQUE ("name")\n)',
    "INSERT INTO `main`.`User` (`name`) VALUES ('a') RETURNING `id` AS `id`, `name` AS `name`, `createdAt` AS `createdAt`",
    'CREATE TABLE "new_User" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP)',
    'INSERT INTO "new_User" ("createdAt", "id") SELECT "createdAt", "id" FROM "User"',
    'DROP TABLE "User"',
    'ALTER TABLE "new_User" RENAME TO "User"',
    'INSERT INTO "User" DEFAULT VALUES',
  ],
  knex: [
    'create table `users` (`id` integer not null primary key autoincrement, `name` varchar(255), `created_at` datetime not null default CURRENT_TIMESTAMP, `updated_at` datetime default CURRENT_TIMESTAMP)',
    "insert into `users` (`name`) select 'a' as `name` union all select 'b' as `name`",
    "insert into `users` (`name`) values ('x') on conflict (`id`) do update set `name` = excluded.`name` returning `id`",
    'insert into `users` default values',
  ],
  typeorm: [
    'CREATE TABLE "user" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "name" varchar NOT NULL DEFAULT (\'\'), "createdAt" datetime NOT NULL DEFAULT (datetime(\'now\')), "updatedAt" datetime NOT NULL DEFAULT (datetime(\'now\')), CONSTRAINT "UQ_1" UNIQUE ("id"))',
    'INSERT INTO "user"("id", "name", "updatedAt") VALUES (NULL, \'a\', datetime(\'now\'))',
    'CREATE TABLE "temporary_user" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "createdAt" datetime NOT NULL DEFAULT (datetime(\'now\')))',
    'INSERT INTO "temporary_user"("id") SELECT "id" FROM "user"',
    'UPDATE "user" SET "name" = \'b\', "updatedAt" = CURRENT_TIMESTAMP WHERE "id" IN (1)',
  ],
}

describe('schemas and statements as tools write them pass unharmed', () => {
  test.each(Object.keys(TOOLS))('%s', (tool) => {
    for (const sql of TOOLS[tool] ?? []) run(sql)
    const tables = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
    for (const [name] of plainSqlite.rows(tables)) {
      expect(judge.rows(`SELECT * FROM "${name}"`)).toEqual(plainSqlite.rows(`SELECT * FROM "${name}"`))
    }
    const shown = (sqlite: Judge): string[] =>
      sqlite.rows('SELECT sql FROM sqlite_schema ORDER BY name').map(([sql]) => restoreDefaults(String(sql)))
    expect(shown(judge)).toEqual(shown(plainSqlite))
  })
})
