import type { SqlValue } from '@dbcluster/protocol'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  assertionSql,
  createRqliteClient,
  mustInline,
  outcomeOf,
  type RqliteBinary,
  type RqliteClient,
} from '../src/index.js'
import { createReplicaBench, type ReplicaBench } from './support/replica-bench.js'
import { binaryUnderTest } from './support/rqlited.js'
import { testSecurity } from './support/test-security.js'

let binary: RqliteBinary
let bench: ReplicaBench
let client: RqliteClient
let httpPort: number

beforeAll(async () => {
  binary = await binaryUnderTest()
  bench = await createReplicaBench(binary)
  const spec = await bench.spec('one')
  const replica = bench.create(spec)
  httpPort = spec.httpPort
  client = replica.client
  replica.start()
  await replica.ready(AbortSignal.timeout(10_000))
  await client.execute([
    { sql: 'CREATE TABLE v (id INTEGER PRIMARY KEY, any, i INTEGER, b BLOB, r REAL)' },
    {
      sql: 'CREATE TABLE u (id INTEGER PRIMARY KEY, e TEXT UNIQUE NOT NULL, c INT CHECK (c > 0), f INT REFERENCES u(id))',
    },
  ])
})
afterAll(() => bench.dispose())

const one = async (sql: string, params: readonly SqlValue[] = []): Promise<readonly (readonly SqlValue[])[]> => {
  const { results } = await client.query([{ sql, params }])
  if (results[0]?.error !== undefined) throw results[0].error
  return results[0]?.rows ?? []
}
const counted = async (): Promise<SqlValue | undefined> => (await one('SELECT count(*) FROM u'))[0]?.[0]

describe('values', () => {
  const cases: readonly (readonly [SqlValue, string])[] = [
    [null, 'null'],
    [0, 'integer'],
    [-1, 'integer'],
    [Number.MAX_SAFE_INTEGER, 'integer'],
    [9007199254740993n, 'integer'],
    [-9223372036854775808n, 'integer'],
    [9223372036854775807n, 'integer'],
    [0.1, 'real'],
    [1e17, 'real'],
    [1.7976931348623157e308, 'real'],
    [5e-324, 'real'],
    ['', 'text'],
    ['x', 'text'],
    ['it\'s "quoted" \\ \n\u2028 日本 😀', 'text'],
    ['a\0b', 'text'],
    ['12345678901234567890', 'text'],
    ["x'00'", 'text'],
  ]
  test.each(cases)('%p comes back as it went in, stored as %s', async (value, type) => {
    const sql = mustInline(binary.capabilities, value) ? `SELECT '${String(value).replaceAll("'", "''")}'` : 'SELECT ?'
    const params = sql === 'SELECT ?' ? [value] : []
    const [row] = await one(`WITH q(a) AS (${sql}) SELECT a, typeof(a) FROM q`, params)
    expect(row).toEqual([value, type])
    const [result] = await client.execute([{ sql: `INSERT INTO v (any) ${sql}`, params }])
    const [stored] = await one('SELECT any, typeof(any) FROM v WHERE id = ?', [result?.lastInsertId ?? 0])
    expect(stored).toEqual([value, type])
  })

  test('bytes come back as bytes, a text beside them as text', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at)
    const [blobSql, params] = mustInline(binary.capabilities, bytes)
      ? [`x'${Buffer.from(bytes).toString('hex')}'`, []]
      : ['?', [bytes]]
    await client.execute([
      { sql: `INSERT INTO v (id, b) VALUES (1000, ${blobSql}), (1001, 'AAEC'), (1002, x'')`, params },
    ])
    expect(await one('SELECT b FROM v WHERE id >= 1000 ORDER BY id')).toEqual([[bytes], ['AAEC'], [new Uint8Array()]])
  })

  test('a large REAL in a REAL column is a number, not a bigint', async () => {
    await client.execute([{ sql: 'INSERT INTO v (id, r) VALUES (2000, 1e18)' }])
    expect(await one('SELECT r FROM v WHERE id = 2000')).toEqual([[1e18]])
  })

  test('an empty result still has its columns, duplicates included', async () => {
    const { results } = await client.query([{ sql: 'SELECT id, i AS id FROM v WHERE 0' }])
    expect(results[0]).toMatchObject({ columns: ['id', 'id'], rows: [] })
  })
})

describe('statements that fail', () => {
  test.each([
    ["INSERT INTO u (id, e) VALUES (1, 'a'), (1, 'b')", 'SQLITE_CONSTRAINT_UNIQUE'],
    ['INSERT INTO u (e) VALUES (NULL)', 'SQLITE_CONSTRAINT_NOTNULL'],
    ["INSERT INTO u (e, c) VALUES ('q', -1)", 'SQLITE_CONSTRAINT_CHECK'],
    ["INSERT INTO u (e, f) VALUES ('q', 9999)", 'SQLITE_CONSTRAINT_FOREIGNKEY'],
    ["INSERT INTO u (id, e) VALUES ('x', 'q')", 'SQLITE_MISMATCH'],
    ['SELEC 1', 'SQL_ERROR'],
    ['INSERT INTO nope VALUES (1)', 'SQL_ERROR'],
  ])('%s fails alone with %s', async (sql, code) => {
    const results = await client.execute([{ sql }, { sql: 'CREATE TABLE IF NOT EXISTS after (a)' }])
    expect(results[0]?.error).toMatchObject({ code, statementIndex: 0 })
    expect(results[1]?.error).toBeUndefined()
  })

  test('a write through query fails and changes nothing', async () => {
    const before = await counted()
    const { results } = await client.query([{ sql: "INSERT INTO u (e) VALUES ('sneaked')" }, { sql: 'SELECT 1' }])
    expect(results[0]?.error).toMatchObject({ code: 'SQL_NOT_A_READ' })
    expect(results[1]?.rows).toEqual([[1]])
    expect(await counted()).toBe(before)
  })

  test('a transaction ends with the one that failed and leaves nothing', async () => {
    const before = await counted()
    const results = await client.execute(
      [{ sql: "INSERT INTO u (e) VALUES ('t1')" }, { sql: 'INSERT INTO u (e) VALUES (NULL)' }, { sql: 'SELECT 1' }],
      { transaction: true },
    )
    expect(results).toHaveLength(2)
    expect(results[1]?.error).toMatchObject({ code: 'SQLITE_CONSTRAINT_NOTNULL', statementIndex: 1 })
    expect(await counted()).toBe(before)
  })

  test.each([true, false])('an assertion decides a transaction (returnsRows %p)', async (returnsRows) => {
    const before = await counted()
    const insert = { sql: `INSERT INTO u (e) VALUES ('asserted-${returnsRows}')` }
    const options = { transaction: true, returnsRows }
    const refused = await client.execute([insert, { sql: assertionSql('1 = 0 -- no') }], options)
    expect(refused.at(-1)?.error).toMatchObject({ code: 'ASSERTION_FAILED', statementIndex: 1 })
    expect(await counted()).toBe(before)
    const passed = await client.execute([{ sql: assertionSql('1 = 1') }, insert], options)
    expect(passed.map(({ error }) => error)).toEqual([undefined, undefined])
    expect(await counted()).toBe(Number(before) + 1)
  })
})

describe('writes', () => {
  test('RETURNING gives rows, blobs as bytes, and commits once', async () => {
    const sql = "INSERT INTO v (id, b) VALUES (3000, x'00ff') RETURNING id, b"
    const [result] = await client.execute([{ sql }], { returnsRows: true })
    expect(result?.rows).toEqual([[3000, Uint8Array.of(0, 255)]])
    expect(await one('SELECT count(*) FROM v WHERE id = 3000')).toEqual([[1]])
  })

  test('rows affected and last id of an insert', async () => {
    const [result] = await client.execute([{ sql: 'INSERT INTO v (id) VALUES (4000), (4001)' }])
    expect(result).toMatchObject({ rowsAffected: 2, lastInsertId: 4001 })
  })

  test('a parameter that must stand in the text is refused before it is sent', async () => {
    const params = [mustInline(binary.capabilities, new Uint8Array()) ? new Uint8Array() : "x'00'"]
    await expect(client.execute([{ sql: 'INSERT INTO v (any) VALUES (?)', params }])).rejects.toMatchObject({
      code: 'INTERNAL',
      statementIndex: 0,
    })
  })
})

describe('a call', () => {
  test('says which consistency it had: never less than asked', async () => {
    const used = async (level: 'none' | 'weak' | 'linearizable' | 'strong'): Promise<string> =>
      (await client.query([{ sql: 'SELECT 1' }], { level })).consistency
    expect(await used('none')).toBe('none')
    expect(await used('weak')).toBe('weak')
    expect(await used('linearizable')).toBe(binary.capabilities.linearizable ? 'linearizable' : 'strong')
    expect(await used('strong')).toBe('strong')
  })

  test('that reads too long ends with TIMEOUT, a write with OUTCOME_UNKNOWN, a cancelled one with CANCELLED', async () => {
    const slow =
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 800000) SELECT count(*) FROM n'
    await expect(client.query([{ sql: slow }], { timeoutMs: 20 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    const write = client.execute([{ sql: `INSERT INTO v (any) ${slow}` }], { timeoutMs: 20 })
    await expect(write).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', details: { outcome: 'unknown' } })
    const controller = new AbortController()
    const cancelled = client.query([{ sql: slow }], { signal: controller.signal })
    controller.abort()
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(controller.signal.aborted).toBe(true)
  })

  test('whose answer is beyond the bound ends with RESULT_TOO_LARGE', async () => {
    const [credential] = testSecurity('key').credentials('c'.repeat(32))
    const small = createRqliteClient({
      httpPort,
      credential,
      capabilities: binary.capabilities,
      responseMaxBytes: 1_000,
    })
    try {
      const sql = "SELECT replace(hex(zeroblob(1000)), '00', 'long')"
      await expect(small.query([{ sql }])).rejects.toMatchObject({ code: 'RESULT_TOO_LARGE' })
      expect((await small.query([{ sql: 'SELECT 1' }])).results[0]?.rows).toEqual([[1]])
    } finally {
      await small.close()
    }
  })

  test('with an infinite result is told so', async () => {
    await expect(client.query([{ sql: 'SELECT 9e999' }])).rejects.toMatchObject({ code: 'SQL_ERROR' })
  })

  test('to a port where nobody listens was not sent', async () => {
    const idle = bench.create(await bench.spec('idle'))
    const error: unknown = await idle.client.execute([{ sql: 'SELECT 1' }]).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'DATABASE_UNAVAILABLE' })
    expect(outcomeOf(error)).toBe('notSent')
  })
})

describe('upkeep', () => {
  test('a snapshot can be taken twice, a backup is an SQLite file', async () => {
    await client.snapshot()
    await client.snapshot()
    const pieces: Uint8Array[] = []
    for await (const piece of client.backup('sqlite')) pieces.push(piece)
    expect(Buffer.concat(pieces).subarray(0, 15).toString()).toBe('SQLite format 3')
    const text: Uint8Array[] = []
    for await (const piece of client.backup('sql')) text.push(piece)
    expect(Buffer.concat(text).toString()).toContain('CREATE TABLE u')
  })

  test('removing an unknown member counts as done', async () => {
    await client.remove('nobody')
    expect((await client.status()).voters.map(({ id }) => id)).toEqual(['one'])
  })
})
