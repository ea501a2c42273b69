import { ERROR_CODES } from '@dbcluster/protocol'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { make } from './support/make.js'

/** For longer: DBCLUSTER_FUZZ_SECONDS=3600. To see a failure again: DBCLUSTER_TEST_SEED=… as it was printed. */
const SECONDS = Number(process.env.DBCLUSTER_FUZZ_SECONDS ?? 30)
const seed = Number(process.env.DBCLUSTER_TEST_SEED ?? Date.now() % 2 ** 31)

const PATHS = [
  'exec',
  'query',
  'batch',
  'transaction',
  'schema',
  'create-table',
  'drop-table',
  'open',
  'hibernate',
  'wake',
]
  .map((name) => `/v1/database/${name}`)
  .concat(
    '/v1/keys',
    '/v1/database/list',
    '/v1/database/status',
    '/v1/database/x',
    '/v1/keys/x',
    '/healthz',
    '/nothing',
  )

const FIELDS = [
  'database',
  'sql',
  'args',
  'queries',
  'schema',
  'table_name',
  'consistency',
  'hash',
  'scope',
  'app',
  'assert',
]
const scalar = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('users', 'SELECT ?', `sha256:${'a'.repeat(64)}`, 'admin', '__proto__', '../x', '\u0000', '\ud800'),
  fc.double(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map((value) => `${value}`),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom({ $int: '9223372036854775808' }, { $blob: '====' }, { $blob: 'AA==' }, { $int: '1e999' }),
)
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('node'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...FIELDS, '$int', '__proto__'), fc.string({ maxLength: 8 })), tie('node'), {
      maxKeys: 6,
    }),
  ),
})).node
const right = fc.constantFrom<string[]>(
  '{"database":"users","sql":"SELECT ?","args":[1]}',
  '{"database":"users","queries":["SELECT 1",{"sql":"SELECT 2","args":{"a":1}}]}',
  `{"hash":"sha256:${'a'.repeat(64)}","scope":"read","expires_at":"2030-01-01T00:00:00Z"}`,
)
/** A text with some of its characters struck out, doubled or replaced. */
const damaged = fc
  .tuple(right, fc.array(fc.tuple(fc.nat(120), fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 5 }))
  .map(([text, edits]) =>
    edits.reduce((changed, [at, put]) => changed.slice(0, at) + put + changed.slice(at + 1), text),
  )
const body: fc.Arbitrary<string | Uint8Array<ArrayBuffer>> = fc.oneof(
  fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 5 }).map((fields) => JSON.stringify(fields)),
  value.map((any) => JSON.stringify(any) ?? ''),
  damaged,
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Uint8Array.from(bytes)),
  fc
    .tuple(fc.constantFrom('[', '{"a":', '{"args":['), fc.integer({ min: 1, max: 20_000 }))
    .map(([text, times]) => text.repeat(times)),
  fc.integer({ min: 1, max: 50_000 }).map((digits) => `{"database":"users","sql":"x","args":[${'9'.repeat(digits)}]}`),
)
const headers = fc.dictionary(
  fc.constantFrom('x-request-id', 'x-timeout-ms', 'accept', 'content-encoding', 'origin', 'x-forwarded-for'),
  fc.stringMatching(/^[\x21-\x7e]{0,60}$/),
  { maxKeys: 3 },
)
const type = fc.constantFrom('application/json', 'application/json; charset=utf-8', 'text/plain', 'multipart/form-data')
const request = fc.record({
  path: fc.oneof(fc.constantFrom(...PATHS), fc.webPath()),
  query: fc.oneof(
    fc.constant(''),
    fc.webQueryParameters().map((text) => `?${text}`),
  ),
  method: fc.constantFrom('POST', 'POST', 'POST', 'GET', 'DELETE', 'PUT', 'OPTIONS'),
  body,
  headers,
  type,
})

test(
  `whatever comes in, the answer is one of ours (seed ${seed})`,
  async () => {
    const { app, lines } = make((operation) => {
      // What reaches the nodes was checked: it is an operation, whatever it was made of.
      expect(typeof operation.op).toBe('string')
      return {
        columns: [],
        rows: [],
        tables: [],
        databases: [],
        results: [],
        keys: [],
        nodes: [],
        key: {},
        created: true,
      }
    })
    let tried = 0
    await fc.assert(
      fc.asyncProperty(request, async (one) => {
        tried += 1
        const hasBody = one.method !== 'GET' && one.method !== 'DELETE'
        const response = await app.request(`http://gateway${one.path}${one.query}`, {
          method: one.method,
          headers: { ...one.headers, 'content-type': one.type, 'x-api-key': 'dbc_k_s' },
          ...(hasBody ? { body: one.body } : {}),
        })
        const text = await response.text()
        expect(response.headers.get('x-request-id')).not.toBeNull()
        expect(response.status).toBeLessThan(500)
        expect(text).not.toMatch(/\n {4}at |node_modules|\.ts:\d/)
        if (response.status < 400) return
        const { error } = JSON.parse(text) as { readonly error: { readonly code: string } }
        expect(Object.keys(ERROR_CODES)).toContain(error.code)
      }),
      {
        seed,
        numRuns: Number.MAX_SAFE_INTEGER,
        interruptAfterTimeLimit: SECONDS * 1_000,
        markInterruptAsFailure: false,
      },
    )
    expect(lines.filter(({ level }) => level === 'error')).toEqual([])
    process.stdout.write(`\nfuzzed HTTP: ${tried} requests in ${SECONDS} s, seed ${seed}\n`)
  },
  (SECONDS + 30) * 1_000,
)
