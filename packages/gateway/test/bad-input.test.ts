import { LIMITS } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import { KEY, make, post } from './support/make.js'

const BASE = '/v1/database'
const JSON_HEADERS = { 'content-type': 'application/json', 'x-api-key': KEY }
const exec = { database: 'users', sql: 'SELECT 1' }

type Row = readonly [
  name: string,
  path: string,
  init: RequestInit,
  status: number,
  code: string,
  message: string | RegExp,
]

const of = (body: unknown, path = 'exec'): readonly [string, RequestInit] => [`${BASE}/${path}`, post(body)]

const rows: readonly Row[] = [
  // The body as a whole.
  ['an empty body', ...of(''), 400, 'INVALID_JSON', 'the body is empty'],
  ['white space', ...of('  \n'), 400, 'INVALID_JSON', 'the body is empty'],
  ['cut JSON', ...of('{"database":"users"'), 400, 'INVALID_JSON', /line 1, column 20 \(position 19\)/],
  ['a trailing comma', ...of('{"database":"users",}'), 400, 'INVALID_JSON', /line 1, column 21 \(position 20\)/],
  ['a fault in line 3', ...of('{\n"database":"users",\nsql:1}'), 400, 'INVALID_JSON', /line 3, column 1 /],
  ['single quotes', ...of("{'database':'users'}"), 400, 'INVALID_JSON', /position 1\b/],
  ['two values', ...of('{} {}'), 400, 'INVALID_JSON', /position 3\b/],
  ['NaN', ...of('{"database":"users","sql":"x","args":[NaN]}'), 400, 'INVALID_JSON', /is not JSON/],
  [
    'very deep nesting',
    ...of(`{"a":1234567890123456,"b":${'['.repeat(200_000)}`),
    400,
    'INVALID_JSON',
    /nested too deeply|is not JSON/,
  ],
  [
    'bytes that are not UTF-8',
    `${BASE}/exec`,
    { method: 'POST', headers: JSON_HEADERS, body: new Uint8Array([0x7b, 0xff]) },
    400,
    'INVALID_JSON',
    'the body is not UTF-8',
  ],
  ['an array', ...of([exec]), 400, 'INVALID_REQUEST', 'the request must be an object, not an array'],
  ['a text', ...of('"users"'), 400, 'INVALID_REQUEST', 'the request must be an object, not a string'],
  ['null', ...of('null'), 400, 'INVALID_REQUEST', 'the request must be an object, not null'],
  // Media types.
  [
    'no content type',
    `${BASE}/exec`,
    { method: 'POST', headers: { 'x-api-key': KEY }, body: new TextEncoder().encode('{}') },
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    'the request has no Content-Type',
  ],
  [
    'a form',
    `${BASE}/exec`,
    post(exec, { 'content-type': 'application/x-www-form-urlencoded' }),
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    /form-urlencoded/,
  ],
  [
    'text/plain',
    `${BASE}/exec`,
    post(exec, { 'content-type': 'text/plain' }),
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    /text\/plain/,
  ],
  [
    'another charset',
    `${BASE}/exec`,
    post(exec, { 'content-type': 'application/json; charset=latin1' }),
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    /latin1/,
  ],
  [
    'a compressed body',
    `${BASE}/exec`,
    post(exec, { 'content-encoding': 'gzip' }),
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    /gzip/,
  ],
  // Fields.
  ['no database', ...of({ sql: 'SELECT 1' }), 400, 'INVALID_REQUEST', 'database is missing'],
  ['no sql', ...of({ database: 'users' }), 400, 'INVALID_REQUEST', 'sql is missing'],
  ['nothing at all', ...of({}), 400, 'INVALID_REQUEST', 'database is missing; sql is missing'],
  ['an unknown field', ...of({ ...exec, color: 1 }), 400, 'INVALID_REQUEST', 'unknown field "color"'],
  ['a typing error', ...of({ ...exec, arg: [1] }), 400, 'INVALID_REQUEST', 'unknown field "arg"; did you mean "args"?'],
  [
    "another API's name",
    ...of({ ...exec, params: [1] }),
    400,
    'INVALID_REQUEST',
    'unknown field "params"; did you mean "args"?',
  ],
  [
    'camel case',
    ...of({ database: 'users', tableName: 'x' }, 'drop-table'),
    400,
    'INVALID_REQUEST',
    /unknown field "tableName"; did you mean "table_name"\?/,
  ],
  [
    'consistency of a write',
    ...of({ ...exec, consistency: 'weak' }),
    400,
    'INVALID_REQUEST',
    'unknown field "consistency"',
  ],
  [
    'two faults',
    ...of({ ...exec, sql: 1, arg: 1 }),
    400,
    'INVALID_REQUEST',
    /unknown field "arg".*sql must be a string, not a number/,
  ],
  [
    'a field named __proto__',
    ...of('{"database":"users","sql":"x","__proto__":{"a":1}}'),
    400,
    'INVALID_REQUEST',
    /unknown field "__proto__"/,
  ],
  [
    'a database that is a number',
    ...of({ ...exec, database: 5 }),
    400,
    'INVALID_REQUEST',
    'database must be a string, not a number',
  ],
  [
    'a database that is null',
    ...of({ ...exec, database: null }),
    400,
    'INVALID_REQUEST',
    'database must be a string, not null',
  ],
  [
    'sql that is a large number',
    ...of('{"database":"users","sql":12345678901234567890}'),
    400,
    'INVALID_REQUEST',
    'sql must be a string, not a number',
  ],
  [
    'sql that is an array',
    ...of({ ...exec, sql: ['SELECT 1'] }),
    400,
    'INVALID_REQUEST',
    'sql must be a string, not an array',
  ],
  ['empty sql', ...of({ ...exec, sql: '' }), 400, 'INVALID_REQUEST', 'sql must not be empty'],
  ['blank sql', ...of({ ...exec, sql: ' \n\t' }), 400, 'INVALID_REQUEST', 'sql must not be empty'],
  [
    'sql over the bound',
    ...of({ ...exec, sql: 'x'.repeat(LIMITS.sqlBytes + 1) }),
    413,
    'SQL_TOO_LARGE',
    /larger than 1048576 bytes/,
  ],
  [
    'an empty table name',
    ...of({ database: 'users', table_name: '' }, 'drop-table'),
    400,
    'INVALID_REQUEST',
    'table_name must not be empty',
  ],
  [
    'an empty schema',
    ...of({ database: 'users', schema: ' ' }, 'create-table'),
    400,
    'INVALID_REQUEST',
    'schema must not be empty',
  ],
  // Consistency.
  [
    'an unknown consistency',
    ...of({ ...exec, consistency: 'eventual' }, 'query'),
    400,
    'INVALID_REQUEST',
    'consistency must be one of none, weak, linearizable, strong, not "eventual"',
  ],
  [
    'a near miss',
    ...of({ ...exec, consistency: 'week' }, 'query'),
    400,
    'INVALID_REQUEST',
    /not "week"; did you mean "weak"\?/,
  ],
  [
    'consistency null',
    ...of({ ...exec, consistency: null }, 'query'),
    400,
    'INVALID_REQUEST',
    /consistency must be one of none, weak, linearizable, strong, not null/,
  ],
  // Names.
  ...[
    '',
    'Users',
    '1users',
    '_users',
    'us ers',
    '../etc',
    'a/b',
    'a.b',
    'üser',
    'a\u0000',
    'a'.repeat(65),
    'users;drop',
    '%2e%2e',
  ].map(
    (name): Row => [
      `the name ${JSON.stringify(name)}`,
      ...of({ ...exec, database: name }),
      400,
      'INVALID_NAME',
      /is not a valid database name/,
    ],
  ),
  // Arguments.
  [
    'args that are a text',
    ...of({ ...exec, args: 'Alice' }),
    400,
    'INVALID_REQUEST',
    'args must be an array of values or an object of named values, not a string',
  ],
  ['args that are a number', ...of({ ...exec, args: 1 }), 400, 'INVALID_REQUEST', /args must be an array/],
  ['args that are null', ...of({ ...exec, args: null }), 400, 'INVALID_REQUEST', /args must be an array/],
  [
    'an array as a value',
    ...of({ ...exec, args: [1, [2]] }),
    400,
    'INVALID_VALUE',
    /^args\[1\] is an object that is no value/,
  ],
  [
    'an object as a value',
    ...of({ ...exec, args: [{ a: 1 }] }),
    400,
    'INVALID_VALUE',
    /^args\[0\] is an object that is no value/,
  ],
  ['a malformed $int', ...of({ ...exec, args: [{ $int: '1.5' }] }), 400, 'INVALID_VALUE', /^args\[0\]/],
  ['a malformed $blob', ...of({ ...exec, args: [{ $blob: 'AQI' }] }), 400, 'INVALID_VALUE', /^args\[0\]/],
  ['a tag with company', ...of({ ...exec, args: [{ $int: '1', x: 1 }] }), 400, 'INVALID_VALUE', /^args\[0\]/],
  [
    'an integer of 65 bits',
    ...of('{"database":"users","sql":"x","args":[9223372036854775808]}'),
    400,
    'INVALID_VALUE',
    /outside 64 bits/,
  ],
  [
    'a tagged integer of 65 bits',
    ...of({ ...exec, args: [{ $int: '9223372036854775808' }] }),
    400,
    'INVALID_VALUE',
    /outside 64 bits/,
  ],
  [
    'an integer of a million digits',
    ...of(`{"database":"users","sql":"x","args":[${'9'.repeat(1_000_000)}]}`),
    400,
    'INVALID_VALUE',
    /an integer of 1000000 characters has more than 64 bits/,
  ],
  [
    'a number that is infinite',
    ...of('{"database":"users","sql":"x","args":[1e999]}'),
    400,
    'INVALID_VALUE',
    /^args\[0\] is Infinity/,
  ],
  ['a name with its sigil', ...of({ ...exec, args: { ':n': 1 } }), 400, 'INVALID_VALUE', /an argument named ":n"/],
  ['args named like a tag', ...of({ ...exec, args: { $int: '1' } }), 400, 'INVALID_VALUE', /an argument named "\$int"/],
  [
    'too many args',
    ...of({ ...exec, args: Array.from({ length: LIMITS.parameters + 1 }, () => 0) }),
    400,
    'INVALID_REQUEST',
    /args has more than 32766 entries/,
  ],
  // Transactions and batches.
  ['no queries', ...of({ database: 'users' }, 'transaction'), 400, 'INVALID_REQUEST', 'queries is missing'],
  [
    'empty queries',
    ...of({ database: 'users', queries: [] }, 'transaction'),
    400,
    'INVALID_REQUEST',
    'queries must not be empty',
  ],
  [
    'queries that are a text',
    ...of({ database: 'users', queries: 'x' }, 'transaction'),
    400,
    'INVALID_REQUEST',
    'queries must be an array, not a string',
  ],
  [
    'too many queries',
    ...of({ database: 'users', queries: Array.from({ length: 1_001 }, () => 'x') }, 'batch'),
    400,
    'INVALID_REQUEST',
    /queries has more than 1000 entries/,
  ],
  [
    'a number among queries',
    ...of({ database: 'users', queries: ['x', 5] }, 'transaction'),
    400,
    'INVALID_REQUEST',
    'queries[1] must be SQL text or an object {"sql","args"}, not a number',
  ],
  [
    'a query without sql',
    ...of({ database: 'users', queries: [{ args: [] }] }, 'transaction'),
    400,
    'INVALID_REQUEST',
    'queries[0].sql is missing',
  ],
  [
    'an unknown field in a query',
    ...of({ database: 'users', queries: [{ sql: 'x', params: [] }] }, 'batch'),
    400,
    'INVALID_REQUEST',
    'unknown field "params" in queries[0]; did you mean "args"?',
  ],
  [
    'an assertion in a batch',
    ...of({ database: 'users', queries: [{ sql: 'x', assert: true }] }, 'batch'),
    400,
    'INVALID_REQUEST',
    'unknown field "assert" in queries[0]',
  ],
  [
    'an assertion that is no boolean',
    ...of({ database: 'users', queries: [{ sql: 'x', assert: 1 }] }, 'transaction'),
    400,
    'INVALID_REQUEST',
    'queries[0].assert must be a boolean, not a number',
  ],
  [
    'an empty query',
    ...of({ database: 'users', queries: ['x', ''] }, 'transaction'),
    400,
    'INVALID_REQUEST',
    'queries[1].sql must not be empty',
  ],
  [
    'a bad value in a query',
    ...of({ database: 'users', queries: [{ sql: 'x', args: [{}] }] }, 'batch'),
    400,
    'INVALID_VALUE',
    /^queries\[0\]\.args\[0\]/,
  ],
  // Queries in the URL.
  [
    'no database in the URL',
    `${BASE}/schema`,
    { headers: { 'x-api-key': KEY } },
    400,
    'INVALID_REQUEST',
    'database is missing',
  ],
  [
    'a misspelt parameter',
    `${BASE}/schema?databse=users`,
    { headers: { 'x-api-key': KEY } },
    400,
    'INVALID_REQUEST',
    'unknown query parameter "databse"; did you mean "database"?',
  ],
  [
    'a parameter given twice',
    `${BASE}/status?database=a&database=b`,
    { headers: { 'x-api-key': KEY } },
    400,
    'INVALID_REQUEST',
    /given more than once/,
  ],
  [
    'a bad name in the URL',
    `${BASE}/status?database=..%2f`,
    { headers: { 'x-api-key': KEY } },
    400,
    'INVALID_NAME',
    /valid database name/,
  ],
  [
    'a parameter where none is taken',
    `${BASE}/list?app=other`,
    { headers: { 'x-api-key': KEY } },
    400,
    'INVALID_REQUEST',
    /unknown query parameter "app"/,
  ],
  [
    "a body's field in the URL",
    `${BASE}/exec?database=users`,
    post(exec),
    400,
    'INVALID_REQUEST',
    /unknown query parameter "database"/,
  ],
  [
    'a bad name in the path',
    `${BASE}/Not%20ok`,
    { method: 'DELETE', headers: { 'x-api-key': KEY } },
    400,
    'INVALID_NAME',
    /valid database name/,
  ],
  [
    'a path that climbs',
    `${BASE}/..%2fx`,
    { method: 'DELETE', headers: { 'x-api-key': KEY } },
    400,
    'INVALID_NAME',
    /valid database name/,
  ],
  // Credentials.
  [
    'no credential',
    `${BASE}/exec`,
    { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' },
    401,
    'UNAUTHENTICATED',
    'the request has no credential',
  ],
  [
    'no credential and a bad body',
    `${BASE}/exec`,
    { method: 'POST', body: '{' },
    401,
    'UNAUTHENTICATED',
    'the request has no credential',
  ],
  [
    'Basic',
    `${BASE}/list`,
    { headers: { authorization: 'Basic dXNlcjpwYXNz' } },
    401,
    'UNAUTHENTICATED',
    /not "Bearer/,
  ],
  ['an empty Bearer', `${BASE}/list`, { headers: { authorization: 'Bearer' } }, 401, 'UNAUTHENTICATED', /not "Bearer/],
  [
    'two credentials',
    `${BASE}/list`,
    { headers: { authorization: 'Bearer a', 'x-api-key': 'b' } },
    400,
    'INVALID_REQUEST',
    /different credentials/,
  ],
  [
    'a very long credential',
    `${BASE}/list`,
    { headers: { 'x-api-key': 'a'.repeat(9_000) } },
    401,
    'UNAUTHENTICATED',
    /no JWT and no API key/,
  ],
  // Routes and headers.
  [
    'GET of exec',
    `${BASE}/exec`,
    { headers: { 'x-api-key': KEY } },
    405,
    'METHOD_NOT_ALLOWED',
    /exec does not take GET/,
  ],
  [
    'PUT of query',
    `${BASE}/query`,
    { method: 'PUT', headers: { 'x-api-key': KEY } },
    405,
    'METHOD_NOT_ALLOWED',
    /query does not take PUT/,
  ],
  ['POST of list', `${BASE}/list`, post({}), 405, 'METHOD_NOT_ALLOWED', /list does not take POST/],
  [
    'an unknown route',
    '/v2/nothing',
    { headers: { 'x-api-key': KEY } },
    404,
    'ROUTE_NOT_FOUND',
    'there is nothing at /v2/nothing',
  ],
  ['a misspelt route', `${BASE}/querry`, post(exec), 404, 'ROUTE_NOT_FOUND', /nothing at \/v1\/database\/querry/],
  ['a trailing slash', `${BASE}/query/`, post(exec), 404, 'ROUTE_NOT_FOUND', /nothing at/],
  [
    'a bad timeout',
    `${BASE}/exec`,
    post(exec, { 'x-timeout-ms': '1s' }),
    400,
    'INVALID_REQUEST',
    'X-Timeout-Ms is "1s"',
  ],
  [
    'a timeout of 0',
    `${BASE}/exec`,
    post(exec, { 'x-timeout-ms': '0' }),
    400,
    'INVALID_REQUEST',
    'X-Timeout-Ms is "0"',
  ],
  [
    'a body over the bound',
    `${BASE}/exec`,
    post({ ...exec, args: ['x'.repeat(LIMITS.requestBytes)] }),
    413,
    'REQUEST_TOO_LARGE',
    /larger than 8388608 bytes/,
  ],
]

interface ErrorAnswer {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly hint?: string
    readonly request_id: string
  }
}

describe('bad input is refused before any node hears of it', () => {
  test('there are cases enough', () => {
    expect(rows.length).toBeGreaterThanOrEqual(50)
  })

  test.each(rows)('%s', async (_name, path, init, status, code, message) => {
    const { app, transport } = make()
    const response = await app.request(path, init)
    const { error } = (await response.json()) as ErrorAnswer
    expect([response.status, error.code]).toEqual([status, code])
    if (typeof message === 'string') expect(error.message).toBe(message)
    else expect(error.message).toMatch(message)
    expect(error.hint ?? '').not.toBe('')
    expect(error.message.length).toBeLessThan(1_000)
    expect(error.request_id).toBe(response.headers.get('x-request-id'))
    expect(JSON.stringify(error)).not.toMatch(/node_modules|\.ts:|\.js:| {4}at /)
    expect(transport.calls).toEqual([])
  })

  test('a 401 says how to authenticate, a 405 what is allowed, a 404 what was meant', async () => {
    const { app } = make()
    expect((await app.request(`${BASE}/list`)).headers.get('www-authenticate')).toBe('Bearer realm="dbcluster"')
    expect((await app.request(`${BASE}/query`, { method: 'PUT' })).headers.get('allow')).toBe('POST')
    expect((await app.request(`${BASE}/schema`, { method: 'PUT' })).headers.get('allow')).toBe('GET, POST')
    const lost = (await (await app.request(`${BASE}/querry`, post(exec))).json()) as ErrorAnswer
    expect(lost.error.hint).toBe('did you mean /v1/database/query?')
  })
})
