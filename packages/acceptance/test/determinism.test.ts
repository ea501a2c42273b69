import type { SqlValue, WriteResult } from '@dbcluster/protocol'
import { TIMES, TIMES_TABLE } from '@dbcluster/sql/time-expressions'
import { eventually, type RqlitedRef, signalProcess, startTestCluster, type TestCluster } from '@dbcluster/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type DatabaseHashes, databaseHashes } from './support/dump.js'
import { localValue, pastNode, replicasOf } from './support/rqlite-view.js'

/** Three nodes with a replica each; what is written through one must be the same on all, for ever. */
let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster({ gateway: false })
}, 60_000)
afterAll(() => cluster?.stop(), 30_000)

/** Each test begins with three nodes that know each other, whatever became of the one before. */
beforeEach(async () => {
  await Promise.all(cluster.nodes.filter((node) => !node.running).map((node) => node.start()))
  await cluster.settled()
}, 120_000)

/** Makes a database, as soon as all nodes answer. */
const create = (database: string, schema: string): Promise<boolean> =>
  eventually(
    `${database} is made`,
    async () => {
      await cluster.ask(0, { op: 'createTable', database, schema })
      return true
    },
    { limitMs: 60_000 },
  )

/** Restarts of nodes and their processes, on a machine that may be busy. */
const LIMIT_MS = 240_000

const same = ({ nodes, rqliteds }: DatabaseHashes): readonly string[] => [...new Set(nodes), ...new Set(rqliteds)]

const restart = async (signal: 'SIGTERM' | 'SIGKILL', indexes: readonly number[]): Promise<void> => {
  const nodes = indexes.flatMap((index) => cluster.nodes[index] ?? [])
  for (const node of nodes) node.signal(signal)
  if (signal === 'SIGKILL') {
    for (const rqlited of cluster.rqliteds()) if (indexes.includes(rqlited.node)) signalProcess(rqlited, 'SIGKILL')
  }
  await Promise.all(nodes.map((node) => node.kill(signal)))
  // One that a dying node had just started.
  for (const rqlited of cluster.rqliteds()) if (indexes.includes(rqlited.node)) signalProcess(rqlited, 'SIGKILL')
  await Promise.all(nodes.map((node) => node.start()))
  await cluster.settled()
}

const OTHERS: readonly string[] = [
  'random()',
  'random(*)',
  '"random"()',
  'abs(random() % 10)',
  'randomblob(16)',
  'lower(hex(randomblob(16)))',
  '(SELECT random())',
  'datetime(random() / 1e9)',
]
const DEFAULTS: readonly string[] = [
  ...['CURRENT_TIMESTAMP', 'CURRENT_DATE', 'CURRENT_TIME', '(random())', '(randomblob(8))', '(hex(randomblob(8)))'],
  ...[
    "(datetime('now', 'subsec'))",
    "(unixepoch('subsec'))",
    '(julianday())',
    "(strftime('%f', 'now'))",
    '(unixepoch())',
  ],
  ...["(timediff('now', '2000-01-01'))", "(datetime('now', 'localtime'))", "(time('now', 'utc'))", '(date())'],
]

const STATEMENTS_AT_ONCE = 15

/** Writes everything that SQLite documents as different each time, each through another node than the one before. */
const writeEverything = async (database: string): Promise<void> => {
  let turn = 0
  const execute = (sql: string, args: readonly SqlValue[] = []): Promise<WriteResult> => {
    turn += 1
    return cluster.ask(turn % 3, { op: 'execute', database, statement: { sql, args: [...args] } })
  }
  const all = async (statements: readonly { readonly sql: string; readonly args?: SqlValue[] }[]): Promise<void> => {
    for (let from = 0; from < statements.length; from += STATEMENTS_AT_ONCE) {
      turn += 1
      const some = statements.slice(from, from + STATEMENTS_AT_ONCE)
      const { results } = await cluster.ask(turn % 3, { op: 'batch', database, statements: some })
      expect(results.filter((result) => 'error' in result)).toEqual([])
    }
  }
  await all([...TIMES_TABLE, 'CREATE TABLE r (id INTEGER PRIMARY KEY, v, w)'].map((sql) => ({ sql })))
  const expressions: readonly (readonly [sql: string, ...args: SqlValue[]])[] = [
    ...TIMES,
    ...OTHERS.map((one) => [one] as const),
  ]
  await all(expressions.map(([sql, ...args]) => ({ sql: `INSERT INTO r(v) VALUES (${sql})`, args })))
  await all(TIMES.map(([sql, ...args], at) => ({ sql: `UPDATE r SET w = ${sql} WHERE id = ${at + 1}`, args })))
  await execute(
    "UPDATE s SET \"now\" = datetime(at, 'subsec'), at = CURRENT_TIMESTAMP WHERE datetime(at) <= datetime('now')",
  )
  const columns = DEFAULTS.map((value, at) => `c${at} DEFAULT ${value}`).join(', ')
  await execute(`CREATE TABLE d (id INTEGER PRIMARY KEY, v UNIQUE, ${columns})`)
  await execute('INSERT INTO d DEFAULT VALUES')
  await execute('INSERT INTO d(v) VALUES (?), (?)', ['a', 'b'])
  await execute('REPLACE INTO d(id, v) VALUES (2, 3)')
  await execute('INSERT OR IGNORE INTO d(v) VALUES (3), (4)')
  await execute("INSERT INTO d(v) VALUES (4) ON CONFLICT (v) DO UPDATE SET v = julianday('now')")
  await execute('INSERT INTO d(id, c0) VALUES (9, random()) RETURNING c1, CURRENT_TIMESTAMP')
  await execute('CREATE TABLE late (id INTEGER PRIMARY KEY, v, at DATETIME DEFAULT CURRENT_TIMESTAMP)')
  await execute('INSERT INTO late(v) SELECT id FROM d ORDER BY id DESC')
  await execute('ALTER TABLE late RENAME COLUMN at TO made')
  await execute('ALTER TABLE late RENAME TO later')
  await execute('INSERT INTO later(v) VALUES (1)')
  await execute("CREATE TABLE copied AS SELECT datetime('now', 'subsec') AS at, made FROM later")
  await execute('ALTER TABLE later ADD COLUMN extra DEFAULT 7')
  // No rows yet: only then SQLite adds a column with such a default.
  await execute('CREATE TABLE added (id INTEGER PRIMARY KEY)')
  await execute('ALTER TABLE added ADD COLUMN at DEFAULT CURRENT_TIMESTAMP')
  await execute('INSERT INTO added DEFAULT VALUES')
  await execute('CREATE TABLE log (id INTEGER PRIMARY KEY, what, at)')
  await execute(
    'CREATE TRIGGER audit AFTER UPDATE ON later BEGIN INSERT INTO log(what, at) VALUES (NEW.v, datetime(NEW.made)); END',
  )
  await execute('UPDATE later SET v = abs(v) + 1')
  turn += 1
  await cluster.ask(turn % 3, {
    op: 'transaction',
    database,
    statements: [
      { sql: 'INSERT INTO r(v) VALUES (CURRENT_TIMESTAMP)' },
      { sql: 'INSERT INTO log(what, at) VALUES (last_insert_rowid(), changes())' },
      { sql: "SELECT changes() = 1 AND datetime('now') > '2020'", assert: true },
      { sql: 'CREATE TABLE within (id INTEGER PRIMARY KEY, at DEFAULT (julianday()), token DEFAULT (randomblob(4)))' },
      { sql: 'INSERT INTO within(id) VALUES (1)' },
    ],
  })
  turn += 1
  await cluster.ask(turn % 3, {
    op: 'batch',
    database,
    statements: [{ sql: 'INSERT INTO d(v) VALUES (random())' }, { sql: 'INSERT INTO added DEFAULT VALUES' }],
  })
}

describe('what differs by time, chance or replica', () => {
  let before: DatabaseHashes
  beforeAll(async () => {
    await writeEverything('written')
    before = await databaseHashes(cluster, 'written')
  }, LIMIT_MS)

  test('is the same on all three, read from each', async () => {
    expect(same(before)).toHaveLength(2) // one for all nodes, one for all processes
    const [replica] = replicasOf(cluster, 'written')
    if (replica === undefined) throw new Error('no process')
    expect(await localValue(replica, 'SELECT count(v) FROM r')).toBeGreaterThan(TIMES.length / 2)
  })

  test('which the comparison would tell: a write that passes the node by makes the copies differ', async () => {
    await create('raw', 'CREATE TABLE IF NOT EXISTS r (v)')
    const leader = await leaderOf('raw')
    const sql = "INSERT INTO r VALUES (julianday('now') || lower(hex(randomblob(8))))"
    await pastNode(leader, 'execute', [sql])
    const { nodes, rqliteds } = await databaseHashes(cluster, 'raw')
    expect([new Set(nodes).size, new Set(rqliteds).size]).toEqual([3, 3])
    await cluster.ask(0, { op: 'delete', database: 'raw' })
  })

  test.each([0, 1, 2])(
    'stays what it was when node %d stops and starts',
    async (index) => {
      await restart('SIGTERM', [index])
      expect(await databaseHashes(cluster, 'written')).toEqual(before)
    },
    LIMIT_MS,
  )

  test.each([0, 1, 2])(
    'stays what it was when node %d and its rqlited are killed',
    async (index) => {
      await restart('SIGKILL', [index])
      expect(await databaseHashes(cluster, 'written')).toEqual(before)
    },
    LIMIT_MS,
  )

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'stays what it was when everything ends by %s and starts again',
    async (signal) => {
      await restart(signal, [0, 1, 2])
      expect(await databaseHashes(cluster, 'written')).toEqual(before)
    },
  )
})

/** What a statement may fail with while its table comes and goes and leaders die; nothing else. */
const STATED = new Set([
  ...['SQL_ERROR', 'NONDETERMINISTIC_SQL'], // no such table, or one that changed under the statement
  ...['NO_LEADER', 'DATABASE_UNAVAILABLE', 'NODE_UNREACHABLE', 'OUTCOME_UNKNOWN', 'TIMEOUT'], // a leader was just killed
])

test(
  'a table that comes, goes and is renamed through one node, under rows from another, while leaders are killed',
  async () => {
    const database = 'busy'
    await create(database, 'CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY)')
    const codes = new Map<string, number>()
    const attempt = async (node: number, sql: string): Promise<boolean> => {
      try {
        await cluster.ask(node, { op: 'execute', database, statement: { sql } }, { timeoutMs: 5_000 })
        return true
      } catch (error) {
        const { code, message } = error as { readonly code?: string; readonly message: string }
        if (code === undefined || !STATED.has(code)) throw error
        if (code === 'SQL_ERROR')
          expect(message).toMatch(/no such table|already exists|already another table|no column named/)
        codes.set(code, (codes.get(code) ?? 0) + 1)
        return false
      }
    }
    const defaults = ['CURRENT_TIMESTAMP', '(julianday())', '(random())', '(lower(hex(randomblob(4))))', '1']
    let rounds = 0
    let inserted = 0
    let over = false
    const changes = async (): Promise<void> => {
      for (; rounds < 60 && !over; rounds += 1) {
        const value = defaults[rounds % defaults.length]
        await attempt(0, `CREATE TABLE IF NOT EXISTS busy (id INTEGER PRIMARY KEY, at_${rounds % 2} DEFAULT ${value})`)
        await attempt(0, 'INSERT INTO busy DEFAULT VALUES')
        if (rounds % 3 === 0) await attempt(0, 'DROP TABLE busy')
        else await attempt(0, `ALTER TABLE busy RENAME TO busy_${rounds}`)
      }
      over = true
    }
    const inserts = async (): Promise<void> => {
      while (!over) if (await attempt(1, 'INSERT INTO busy DEFAULT VALUES')) inserted += 1
    }
    const kills = async (): Promise<void> => {
      for (const reached of [10, 25, 40]) {
        await eventually(`round ${reached}`, () => over || rounds >= reached, { limitMs: 60_000 })
        signalProcess(await leaderOf(database), 'SIGKILL')
      }
    }
    try {
      await Promise.all([changes(), inserts(), inserts(), kills()])
    } finally {
      over = true
    }
    expect({ rounds, inserted }).toEqual({ rounds: 60, inserted: expect.any(Number) })
    expect(inserted).toBeGreaterThan(20)
    const before = await databaseHashes(cluster, database)
    expect(same(before)).toHaveLength(2)
    await restart('SIGKILL', [0, 1, 2])
    expect(await databaseHashes(cluster, database)).toEqual(before)
  },
  LIMIT_MS,
)

/** The rqlited that leads. */
const leaderOf = (database: string): Promise<RqlitedRef> =>
  eventually(
    `${database} has a leader`,
    async () => {
      const { replicas } = await cluster.ask(2, { op: 'status', database })
      const port = replicas.find(({ leader }) => leader)?.http_port
      return replicasOf(cluster, database).find(({ httpPort }) => httpPort === port)
    },
    { limitMs: 20_000 },
  )
