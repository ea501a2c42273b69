import type { HttpRequest, TestCluster } from '@dbcluster/testkit'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { errorOf } from '../support/errors.js'

const DATABASE = 'guarded'

interface Case {
  readonly what: string
  readonly request: HttpRequest & { readonly path: string }
  readonly status: number
  readonly code: string
  /** What the message or the hint names, so that one can act on it. */
  readonly says: RegExp
}

const post = (endpoint: string, json: unknown): Case['request'] => ({
  path: `/v1/database/${endpoint}`,
  method: 'POST',
  json,
})
const raw = (text: string, type = 'application/json'): Case['request'] => ({
  path: '/v1/database/exec',
  method: 'POST',
  text,
  headers: { 'content-type': type },
})
const get = (endpoint: string): Case['request'] => ({ path: `/v1/database/${endpoint}` })
const exec = (rest: Readonly<Record<string, unknown>>): Case['request'] => post('exec', { database: DATABASE, ...rest })
const query = (rest: Readonly<Record<string, unknown>>): Case['request'] =>
  post('query', { database: DATABASE, ...rest })
const change = (queries: unknown): Case['request'] => post('transaction', { database: DATABASE, queries })

const row = (
  what: string,
  request: Case['request'],
  [status, code]: readonly [number, string],
  says: RegExp,
): Case => ({
  what,
  request,
  status,
  code,
  says,
})

const INVALID: readonly [number, string] = [400, 'INVALID_REQUEST']
const VALUE: readonly [number, string] = [400, 'INVALID_VALUE']
const NAME: readonly [number, string] = [400, 'INVALID_NAME']
const JSON_: readonly [number, string] = [400, 'INVALID_JSON']
const SQL: readonly [number, string] = [400, 'SQL_ERROR']
const INSERT = 'INSERT INTO t (a) VALUES (?)'

const names = ['', 'Users', '1st', '-a', '_a', 'a b', 'a.b', '../etc', 'a/b', 'ü', "a'b", 'a'.repeat(65), 'a\u0000b']

const CASES: readonly Case[] = [
  ...names.map((database) =>
    row(
      `the database name ${JSON.stringify(database).slice(0, 20)}`,
      post('exec', { database, sql: INSERT, args: [1] }),
      NAME,
      /letter/,
    ),
  ),
  row('a number as a database name', post('exec', { database: 1, sql: 'SELECT 1' }), INVALID, /database/),
  row('no database', post('exec', { sql: 'SELECT 1' }), INVALID, /database/),
  row('no sql', exec({}), INVALID, /sql/),
  row('sql that is a number', exec({ sql: 1 }), INVALID, /sql/),
  row('sql that is null', exec({ sql: null }), INVALID, /sql/),
  row('empty sql', exec({ sql: ' ' }), INVALID, /empty/),
  row('an unknown field', exec({ sql: 'SELECT 1', arg: [] }), INVALID, /arg\b.*args/s),
  row('args that are a text', exec({ sql: INSERT, args: '1' }), INVALID, /args/),
  row('an array as an argument', exec({ sql: INSERT, args: [[1]] }), VALUE, /args\[0\]/),
  row('an object as an argument', exec({ sql: INSERT, args: [{ a: 1 }] }), VALUE, /\$blob/),
  row('broken base64', exec({ sql: INSERT, args: [{ $blob: '!' }] }), VALUE, /args\[0\]/),
  row('a tagged integer that is none', exec({ sql: INSERT, args: [{ $int: '1.5' }] }), VALUE, /args\[0\]/),
  row(
    'a tagged integer beyond 64 bits',
    exec({ sql: INSERT, args: [{ $int: '9223372036854775808' }] }),
    VALUE,
    /64 bits/,
  ),
  row(
    'an integer beyond 64 bits',
    raw(`{"database":"${DATABASE}","sql":"${INSERT}","args":[-9223372036854775809]}`),
    VALUE,
    /64 bits/,
  ),
  row(
    'an integer of 400 digits',
    raw(`{"database":"${DATABASE}","sql":"${INSERT}","args":[${'9'.repeat(400)}]}`),
    VALUE,
    /64 bits/,
  ),
  row('an argument too few', exec({ sql: INSERT, args: [] }), VALUE, /1 argument.*0 given/),
  row('an argument too many', exec({ sql: INSERT, args: [1, 2] }), VALUE, /1 argument.*2 given/),
  row('a missing named argument', exec({ sql: 'INSERT INTO t (a) VALUES (:a)', args: { b: 1 } }), VALUE, /:a|b/),
  row('more arguments than SQLite takes', exec({ sql: INSERT, args: new Array(32_767).fill(0) }), INVALID, /args/),
  row('an unknown consistency', query({ sql: 'SELECT 1', consistency: 'eventual' }), INVALID, /weak/),
  row('a consistency for a write', exec({ sql: INSERT, args: [1], consistency: 'weak' }), INVALID, /consistency/),
  row('SQL that is none', exec({ sql: 'INSRT INTO t VALUES (1)' }), SQL, /INSRT/),
  row('SQL that ends too early', exec({ sql: 'INSERT INTO t (a) VALUES (' }), SQL, /./),
  row('a text that does not end', exec({ sql: "INSERT INTO t (a) VALUES ('x)" }), SQL, /./),
  row('a table that is not there', exec({ sql: 'INSERT INTO nowhere VALUES (1)' }), SQL, /nowhere/),
  row('a column that is not there', query({ sql: 'SELECT nothing_there FROM t' }), SQL, /nothing_there/),
  row('a write as a query', query({ sql: 'DELETE FROM t' }), [400, 'SQL_NOT_A_READ'], /exec/),
  row('a write as a query, returning', query({ sql: 'DELETE FROM t RETURNING a' }), [400, 'SQL_NOT_A_READ'], /exec/),
  row('two statements', exec({ sql: 'DELETE FROM t; DELETE FROM t' }), [400, 'SQL_MULTIPLE_STATEMENTS'], /transaction/),
  row('a comment alone', exec({ sql: '-- DELETE FROM t' }), SQL, /no statement/),
  row('a unique row twice', exec({ sql: INSERT, args: [1] }), [400, 'SQLITE_CONSTRAINT_UNIQUE'], /t\.a/),
  row('a check that fails', exec({ sql: INSERT, args: [-1] }), [400, 'SQLITE_CONSTRAINT_CHECK'], /CHECK/),
  row(
    'a foreign key that leads nowhere',
    exec({ sql: 'INSERT INTO child VALUES (77)' }),
    [400, 'SQLITE_CONSTRAINT_FOREIGNKEY'],
    /FOREIGN/,
  ),
  row(
    'a statement over 1 MiB',
    exec({ sql: `SELECT '${'x'.repeat(1_048_576)}'` }),
    [413, 'SQL_TOO_LARGE'],
    /1048576|MiB/,
  ),
  row(
    'a body over 8 MiB',
    raw(`{"database":"${DATABASE}","sql":"${'x'.repeat(8_400_000)}"}`),
    [413, 'REQUEST_TOO_LARGE'],
    /8388608|8 MiB/,
  ),
  row('no body', raw(''), JSON_, /empty/),
  row('JSON that ends too early', raw('{"database":"users"'), JSON_, /line 1/),
  row('JSON with a comma too many', raw('{"database":"users",}'), JSON_, /line 1, column/),
  row('single quotes', raw("{'database':'users'}"), JSON_, /double quotes/),
  row('bytes that are no JSON', raw('\u0000\u0001'), JSON_, /not JSON/),
  row('JSON nested too deeply', raw('['.repeat(200_000)), JSON_, /./),
  row('an array as a body', raw('[]'), INVALID, /object/),
  row('a text as a body', raw('"DELETE FROM t"'), INVALID, /object/),
  row('null as a body', raw('null'), INVALID, /object/),
  row(
    'a form',
    raw('database=users', 'application/x-www-form-urlencoded'),
    [415, 'UNSUPPORTED_MEDIA_TYPE'],
    /application\/json/,
  ),
  row('no statements', change([]), INVALID, /queries/),
  row('statements that are a text', change('DELETE FROM t'), INVALID, /queries/),
  row('a statement that is a number', change([1]), INVALID, /queries/),
  row('a statement with an unknown field', change([{ sql: 'DELETE FROM t', argz: [] }]), INVALID, /argz/),
  row('a statement that fails the others', change(['DELETE FROM t', 'DELETE FROM nowhere']), SQL, /nowhere/),
  row('a bad argument behind a good statement', change(['DELETE FROM t', { sql: INSERT, args: [] }]), VALUE, /0 given/),
  row('an assertion that is a write', change([{ sql: 'DELETE FROM t', assert: true }]), [400, 'SQL_NOT_A_READ'], /./),
  row('1,001 statements', change(new Array(1_001).fill('DELETE FROM t')), INVALID, /queries/),
  row(
    'a table that is there already',
    post('create-table', { database: DATABASE, schema: 'CREATE TABLE t (a)' }),
    SQL,
    /exists/,
  ),
  row('no table name', post('drop-table', { database: DATABASE }), INVALID, /table_name/),
  row('an empty table name', post('drop-table', { database: DATABASE, table_name: '' }), INVALID, /table_name/),
  row('a schema without a database', get('schema'), INVALID, /database/),
  row('an unknown query parameter', get(`schema?database=${DATABASE}&db=1`), INVALID, /db/),
  row('a query parameter twice', get(`status?database=${DATABASE}&database=x`), INVALID, /more than once/),
  row('a path that leads nowhere', get('tables'), [404, 'ROUTE_NOT_FOUND'], /./),
  row(
    'a path with a slip of the pen',
    { path: '/v1/database/exce', method: 'POST', json: {} },
    [404, 'ROUTE_NOT_FOUND'],
    /exec/,
  ),
  row('another method', get('exec'), [405, 'METHOD_NOT_ALLOWED'], /POST/),
  row(
    'deleting what is not there',
    { path: '/v1/database/nowhere', method: 'DELETE' },
    [404, 'DATABASE_NOT_FOUND'],
    /nowhere/,
  ),
  row('deleting a name that none can have', { path: '/v1/database/..%2Fx', method: 'DELETE' }, NAME, /letter/),
  row('the status of what is not there', get('status?database=nowhere'), [404, 'DATABASE_NOT_FOUND'], /nowhere/),
]

/** Right status, right code, a message one can act on, nothing changed. */
export const describeBadInput = (of: () => TestCluster): void =>
  describe('bad input', () => {
    let before: string
    const everything = async (): Promise<string> => {
      const select = { database: DATABASE, sql: 'SELECT * FROM t', consistency: 'strong' }
      const parts = [
        await of().http.get('list'),
        await of().http.get(`schema?database=${DATABASE}`),
        await of().http.post('query', select),
      ]
      return parts.map(({ text }) => text).join('\n')
    }
    beforeAll(async () => {
      for (const sql of [
        'CREATE TABLE t (a INTEGER UNIQUE CHECK (a >= 0))',
        'CREATE TABLE child (a REFERENCES t (a))',
        'INSERT INTO t VALUES (1)',
      ]) {
        await of().http.post('exec', { database: DATABASE, sql })
      }
      before = await everything()
    }, 30_000)

    test('there are enough cases', () => {
      expect(CASES.length).toBeGreaterThanOrEqual(70)
    })

    test.each(CASES.map((one) => [one.what, one] as const))('%s', async (_what, { request, status, code, says }) => {
      const { path, ...rest } = request
      const answer = await of().http.request(path, rest)
      const error = errorOf(answer)
      expect([answer.status, error.code]).toEqual([status, code])
      expect(`${error.message} ${error.hint ?? ''}`).toMatch(says)
      expect(answer.headers.get('x-request-id')).toBe(error.request_id)
      expect(Object.keys(answer.body as object)).toEqual(['error'])
      expect(answer.text).not.toMatch(/node_modules|\.js:\d|\/work\/|\/tmp\//)
    })

    test('nothing changed', async () => {
      expect(await everything()).toBe(before)
    })

    afterAll(async () => {
      await of().http.request(`/v1/database/${DATABASE}`, { method: 'DELETE' })
    })
  })
