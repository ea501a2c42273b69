import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDbClusterError } from '@dbcluster/protocol'
import { afterAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { loadGatewayConfig, loadNodeConfig } from '../src/index.js'

/** For longer: DBCLUSTER_FUZZ_SECONDS=3600. To see a failure again: DBCLUSTER_TEST_SEED=… as it was printed. */
const SECONDS = Number(process.env.DBCLUSTER_FUZZ_SECONDS ?? 30)
const seed = Number(process.env.DBCLUSTER_TEST_SEED ?? Date.now() % 2 ** 31)

const directory = mkdtempSync(join(tmpdir(), 'dbcluster-config-fuzz-'))
const file = join(directory, 'c.yaml')
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const KEYS = [
  'node',
  'data_dir',
  'database',
  'max_databases',
  'auth',
  'api_keys',
  'jwt',
  'jwks',
  'key',
  'algorithm',
  'limits',
]
const key = fc.oneof(
  fc.constantFrom(...KEYS, 'gateway', 'listen', 'log', 'level', '__proto__'),
  fc.string({ maxLength: 6 }),
)
const scalar = fc.oneof(
  fc.constantFrom(
    '60s',
    '1m30s',
    '-1s',
    '9'.repeat(400),
    '8MiB',
    'EdDSA',
    '/ip4/0.0.0.0/tcp/4001',
    '&a',
    '*a',
    '!!js/x 1',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
)
const tree: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(key, tie('node'), { maxKeys: 5 }),
  ),
})).node
const SAMPLE = 'node:\n  data_dir: "./d"\ndatabase:\n  max_databases: 10\nauth: {jwt: [{algorithm: EdDSA, key: x}]}\n'
const text = fc.oneof(
  tree.map((any) => JSON.stringify(any) ?? ''),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(fc.tuple(fc.nat(SAMPLE.length), fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 4 })
    .map((edits) => edits.reduce((changed, [at, put]) => changed.slice(0, at) + put + changed.slice(at + 1), SAMPLE)),
  fc
    .tuple(fc.constantFrom('[', '{a: ', '- ', '? ', '&a [*a, '), fc.integer({ min: 1, max: 2_000 }))
    .map(([part, times]) => part.repeat(times)),
  // Aliases of aliases: a few lines that would be gigabytes.
  fc.integer({ min: 2, max: 20 }).map((levels) =>
    Array.from(
      { length: levels },
      (_, at) =>
        `k${at}: &a${at} [${
          at === 0
            ? 'x'
            : Array(9)
                .fill(`*a${at - 1}`)
                .join(', ')
        }]`,
    ).join('\n'),
  ),
)
const env = fc.dictionary(
  fc.constantFrom(
    'DBCLUSTER_NODE__DATA_DIR',
    'DBCLUSTER_AUTH__JWT',
    'DBCLUSTER_X',
    'DBCLUSTER___',
    'DBCLUSTER_GATEWAY__LISTEN',
  ),
  fc.string({ maxLength: 20 }),
  { maxKeys: 2 },
)

test(
  `whatever a file says, it is a configuration or refused with reasons (seed ${seed})`,
  () => {
    let tried = 0
    fc.assert(
      fc.property(text, env, fc.constantFrom(loadNodeConfig, loadGatewayConfig), (content, given, load) => {
        tried += 1
        writeFileSync(file, content)
        try {
          load({ file, env: given, sets: [], directory })
        } catch (error) {
          expect(isDbClusterError(error) ? error.code : error).toBe('CONFIG_INVALID')
        }
      }),
      {
        seed,
        numRuns: Number.MAX_SAFE_INTEGER,
        interruptAfterTimeLimit: SECONDS * 1_000,
        markInterruptAsFailure: false,
      },
    )
    process.stdout.write(`\nfuzzed configuration: ${tried} files in ${SECONDS} s, seed ${seed}\n`)
  },
  (SECONDS + 30) * 1_000,
)
