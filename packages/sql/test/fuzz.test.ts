import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { SCHEMA } from './support/corpus.js'
import { fuzz } from './support/fuzz.js'
import { type Judge, openJudge } from './support/sqlite.js'

/** For longer: DBCLUSTER_FUZZ_SECONDS=3600. To see a failure again: DBCLUSTER_TEST_SEED=... as it was printed. */
const SECONDS = Number(process.env.DBCLUSTER_FUZZ_SECONDS ?? 30)
const seed = Number(process.env.DBCLUSTER_TEST_SEED ?? Date.now() % 2 ** 32)

let judge: Judge
beforeAll(async () => {
  judge = await openJudge(`${SCHEMA} ALTER TABLE t ADD COLUMN at; ALTER TABLE t ADD COLUMN r;
    ALTER TABLE users ADD COLUMN at; ALTER TABLE users ADD COLUMN r`)
})
afterAll(() => judge?.close())

test(
  `no text makes it crash, hang, slow down or disagree with SQLite: ${SECONDS} s of DBCLUSTER_TEST_SEED=${seed}`,
  () => {
    // Before, too: what hangs tells nothing any more.
    process.stdout.write(`fuzzing ${SECONDS} s from seed ${seed}\n`)
    const report = fuzz(judge, seed, SECONDS * 1_000)
    process.stdout.write(`fuzzed ${SECONDS} s from seed ${seed}: ${JSON.stringify(report)}\n`)
    // Texts that are all refused prove little.
    expect(report.accepted).toBeGreaterThan(report.texts / 50)
    expect(report.rewritten).toBeGreaterThan(0)
  },
  (SECONDS + 60) * 1_000,
)
