import type { Operation } from '@dbcluster/protocol'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startReplica, type TestReplica } from './support/rqlited.js'
import { createWorld, recordOf, type World } from './support/world.js'

/** A node that allows little. */
let rqlited: TestReplica
let world: World
beforeAll(async () => {
  rqlited = await startReplica()
  world = createWorld({
    replicas: { app_users: rqlited.replica },
    records: [recordOf('app_users')],
    planner: { sqlMaxBytes: 100, parametersMax: 3 },
    limits: { statementsMax: 2, resultRowsMax: 3, resultBytesMax: 1_000 },
  })
  await world.result({ op: 'createTable', database, schema: 'CREATE TABLE t (id INTEGER PRIMARY KEY, v)' })
  await world.result({ op: 'execute', database, statement: { sql: 'INSERT INTO t VALUES (1, 1), (2, 2)' } })
}, 30_000)
afterAll(() => rqlited?.stop())

const database = 'users'
const execute = (sql: string, args: unknown[] = []): Operation => ({
  op: 'execute',
  database,
  statement: { sql, args },
})
const query = (sql: string, args: unknown[] = []): Operation => ({ op: 'query', database, statement: { sql, args } })
const many = (op: 'batch' | 'transaction', ...sql: readonly string[]): Operation => ({
  op,
  database,
  statements: sql.map((one) => ({ sql: one })),
})
const COUNT = 'WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT i FROM n'
const ONE = 'SELECT 1'

describe('what is within the limits is served', () => {
  test.each<readonly [string, Operation]>([
    ['the longest statement', query(`SELECT '${'x'.repeat(91)}'`)],
    ['as many parameters as there may be', query('SELECT ?, ?, ?', [1, 2, 3])],
    ['as many statements', many('batch', ONE, ONE)],
    ['as many rows', query(COUNT, [3])],
    ['as many bytes', query('SELECT ?', ['x'.repeat(980)])],
    // What the node writes into a statement is not the tenant's.
    [
      'a statement that grows when it is rewritten',
      execute("UPDATE t SET v = datetime(v, v, v, v, v, v) || datetime('now')"),
    ],
  ])('%s', async (_, operation) => {
    expect(await world.ask(operation)).toMatchObject({ ok: true })
  })
})

describe('what is beyond is refused with the limit and the key that sets it', () => {
  test.each<readonly [string, Operation, code: string, says: RegExp]>([
    ['a statement', query(`SELECT '${'x'.repeat(92)}'`), 'SQL_TOO_LARGE', /100 bytes.*sql\.max_statement_size/],
    [
      'a statement in bytes',
      query(`SELECT '${'é'.repeat(46)}'`),
      'SQL_TOO_LARGE',
      /100 bytes.*sql\.max_statement_size/,
    ],
    [
      'a schema',
      { op: 'createTable', database, schema: `CREATE TABLE x (${'y'.repeat(90)})` },
      'SQL_TOO_LARGE',
      /sql\.max_statement_size/,
    ],
    ['parameters', query('SELECT ?, ?, ?, ?', [1, 2, 3, 4]), 'SQL_TOO_LARGE', /3 parameters.*sql\.max_parameters/],
    [
      'statements of a batch',
      many('batch', ONE, ONE, ONE),
      'REQUEST_TOO_LARGE',
      /3 statements.*sql\.max_statements.* 2/,
    ],
    ['statements of a transaction', many('transaction', ONE, ONE, ONE), 'REQUEST_TOO_LARGE', /sql\.max_statements/],
    ['rows', query(COUNT, [4]), 'RESULT_TOO_LARGE', /4 rows.*sql\.max_result_rows.* 3/],
    [
      'rows of a batch together',
      many('batch', 'SELECT 1 UNION SELECT 2', 'SELECT 1 UNION SELECT 2'),
      'RESULT_TOO_LARGE',
      /4 rows/,
    ],
    ['bytes', query('SELECT ?', ['x'.repeat(1_000)]), 'RESULT_TOO_LARGE', /1000 bytes.*sql\.max_result_size/],
    ['bytes of a blob', query('SELECT zeroblob(1000)'), 'RESULT_TOO_LARGE', /1000 bytes.*sql\.max_result_size/],
  ])('%s', async (_, operation, code, says) => {
    const answer = await world.ask(operation)
    expect(answer).toMatchObject({ ok: false, error: { code, hint: expect.stringMatching(/./) } })
    expect(answer.ok ? '' : answer.error.message).toMatch(says)
  })

  test('rows of a write, which was carried out', async () => {
    const answer = await world.ask(execute('UPDATE t SET v = zeroblob(600) RETURNING v'))
    expect(answer).toMatchObject({ ok: false, error: { code: 'RESULT_TOO_LARGE', details: { applied: true } } })
    expect(await world.result(query('SELECT DISTINCT length(v) FROM t'))).toMatchObject({ rows: [[600]] })
  })
})
