import type { TestCluster } from '@dbcluster/testkit'
import { beforeAll, describe, expect, test } from '@jest/globals'

const DATABASE = 'values'
const TABLE = `CREATE TABLE v (
  k TEXT PRIMARY KEY, any, flag BOOLEAN, at DATETIME, on_day DATE, stamp TIMESTAMP, n INTEGER, r REAL, t TEXT, b BLOB)`

/** JSON of an argument, and the JSON that comes back for it; the same where nothing else is said. */
const VALUES: readonly (readonly [name: string, column: string, sent: string, received?: string])[] = [
  ['the largest integer', 'any', '9223372036854775807'],
  ['the smallest integer', 'any', '-9223372036854775808'],
  ['the largest integer, tagged', 'n', '{"$int":"9223372036854775807"}', '9223372036854775807'],
  ['an integer just beyond 2^53', 'n', '9007199254740993'],
  ['a text that looks like a tag', 'any', '"{\\"$int\\":\\"1\\"}"'],
  ['bytes', 'any', '{"$blob":"AAECAw=="}'],
  ['bytes in a text column', 't', '{"$blob":"/wD/"}'],
  ['bytes that are text', 'b', '{"$blob":"YWJj"}'],
  ['no bytes', 'b', '{"$blob":""}'],
  ['null', 'any', 'null'],
  ['an empty text', 'any', '""'],
  ['a text like a blob literal', 'any', '"x\'00\'"'],
  ['a text like an upper-case blob literal', 't', '"X\'0102\'"'],
  ['a text with quotes', 'any', '"it\'s \\"so\\""'],
  ['a text of many planes', 't', '"ü 漢 😀 \\u0000 end"'],
  ['a fraction', 'any', '0.1'],
  ['a large number', 'r', '1e+308'],
  ['true, which SQLite has as 1', 'flag', 'true', '1'],
  ['an integer in a BOOLEAN column', 'flag', '7'],
  ['a text in a BOOLEAN column', 'flag', '"maybe"'],
  ['a time as text', 'at', '"2024-01-01 00:00:00"'],
  ['a time as a number', 'at', '1704067200'],
  ['an empty time', 'at', '""'],
  ['a date', 'on_day', '"2024-02-29"'],
  ['a timestamp', 'stamp', '"2024-01-01T00:00:00.123Z"'],
]

/** Values survive the round trip. */
export const describeValues = (of: () => TestCluster): void =>
  describe('values', () => {
    const send = async (endpoint: string, json: string): Promise<string> => {
      const headers = { 'content-type': 'application/json' }
      const answer = await of().http.request(`/v1/database/${endpoint}`, { method: 'POST', text: json, headers })
      if (answer.status !== 200) throw new Error(answer.text)
      return answer.text
    }
    beforeAll(async () => {
      await of().http.post('create-table', { database: DATABASE, schema: TABLE })
    }, 30_000)

    test.each(VALUES)('%s survives', async (name, column, sent, received = sent) => {
      const insert = `INSERT INTO v (k, ${column}) VALUES (?, ?)`
      await send('exec', `{"database":"${DATABASE}","sql":"${insert}","args":[${JSON.stringify(name)},${sent}]}`)
      const select = `SELECT ${column} FROM v WHERE k = ?`
      const question = `{"database":"${DATABASE}","sql":"${select}","args":[${JSON.stringify(name)}]}`
      const expected = `{"items":[{"${column}":${received}}],"count":1,"columns":["${column}"],"rows":[[${received}]]}`
      expect(await send('query', question)).toBe(expected)
      // Once more: from here on the node knows the statement's columns.
      expect(await send('query', question)).toBe(expected)
    })

    test('all of them at once, in the order they were asked for', async () => {
      const columns = ['any', 'flag', 'at', 'on_day', 'stamp', 'n', 'r', 't', 'b']
      const answer = await send(
        'query',
        JSON.stringify({ database: DATABASE, sql: `SELECT ${columns} FROM v ORDER BY rowid` }),
      )
      const expected = VALUES.map(
        ([, column, sent, received = sent]) => `[${columns.map((name) => (name === column ? received : 'null'))}]`,
      )
      expect(answer).toContain(`"rows":[${expected}]}`)
    })

    test('expressions have the values of expressions', async () => {
      const sql =
        "SELECT zeroblob(2) AS z, CAST('é' AS BLOB) AS c, 'x' || 1 AS t, 2 > 1 AS yes, NULL AS void, 7 / 2.0 AS r"
      expect(await send('query', JSON.stringify({ database: DATABASE, sql }))).toContain(
        '"rows":[[{"$blob":"AAA="},{"$blob":"w6k="},"x1",1,null,3.5]]',
      )
    })

    test('of columns that share a name the last wins in items, and rows keep all', async () => {
      const sql = 'SELECT 1 AS a, 2 AS a, 3 AS b'
      expect(await send('query', JSON.stringify({ database: DATABASE, sql }))).toBe(
        '{"items":[{"a":2,"b":3}],"count":1,"columns":["a","a","b"],"rows":[[1,2,3]]}',
      )
    })

    test('arguments go by position, by number and by name', async () => {
      const ask = async (sql: string, args: unknown): Promise<string> =>
        send('query', JSON.stringify({ database: DATABASE, sql, args }))
      expect(await ask('SELECT ? + ?', [1, 2])).toContain('[[3]]')
      expect(await ask('SELECT ?2 - ?1', [1, 3])).toContain('[[2]]')
      expect(await ask('SELECT :a * @b * $c', { a: 2, b: 3, c: 7 })).toContain('[[42]]')
    })

    test('the schema may change under a statement that was asked before', async () => {
      const sql = 'SELECT * FROM changing'
      await send('create-table', JSON.stringify({ database: DATABASE, schema: 'CREATE TABLE changing (a TEXT)' }))
      await send('exec', JSON.stringify({ database: DATABASE, sql: "INSERT INTO changing VALUES ('1')" }))
      for (let times = 0; times < 2; times += 1) {
        expect(await send('query', JSON.stringify({ database: DATABASE, sql }))).toContain('"rows":[["1"]]')
      }
      await send(
        'exec',
        JSON.stringify({ database: DATABASE, sql: 'ALTER TABLE changing ADD COLUMN b BOOLEAN DEFAULT 5' }),
      )
      expect(await send('query', JSON.stringify({ database: DATABASE, sql }))).toContain(
        '"columns":["a","b"],"rows":[["1",5]]',
      )
    })
  })
