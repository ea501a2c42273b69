import type { SqlValue } from '@dbcluster/protocol'
import {
  bind,
  isRead,
  type KnownSchema,
  knownSchemaOf,
  makeDeterministic,
  planStatement,
  type StatementPlan,
  splitStatements,
  tokenize,
  wrapForExactValues,
} from '../../src/index.js'
import { planOrCode } from './describe-plan.js'
import { splitDisagreement, unsafeDisagreement } from './disagreement.js'
import { createRandom } from './generate/random.js'
import { generateText } from './generate/text.js'
import type { Judge } from './sqlite.js'

/** What a run of the fuzzer saw. */
export interface FuzzReport {
  readonly texts: number
  /** Texts that were let through, as one statement. */
  readonly accepted: number
  /** Statements that were written anew. */
  readonly rewritten: number
  readonly longestMs: number
  readonly cpuSeconds: number
}

/**
 * Time of the processor that one step may take. Texts have at most some 120,000 characters, for which the slowest takes
 * a tenth of a second; work that grows with the square takes many times this, and what hangs never comes back at all.
 */
const STEP_LIMIT_MS = 2_000
/** Longer texts are not shown to SQLite: its own parser gives up on depth and length. */
const JUDGED_CHARS = 2_000

const NOT_TWICE =
  /^(?:random|randomblob|changes|total_changes|last_insert_rowid|sqlite_(?:version|source_id|compile.*)|current_.*)$/i

/** Tables with defaults that each replica would evaluate for itself. */
const schemaWithDefaults = (): KnownSchema =>
  knownSchemaOf(
    ['t(id INTEGER PRIMARY KEY, a, b TEXT, c REAL', 'users(id INTEGER PRIMARY KEY, name TEXT, email TEXT UNIQUE'].map(
      (text) => {
        const made = makeDeterministic(
          planStatement(`CREATE TABLE ${text}, at DEFAULT CURRENT_TIMESTAMP, r DEFAULT (random()))`),
          [],
          contextOf(new Map()),
        )
        return { type: 'table', name: made.target ?? '', table: made.target ?? '', sql: made.sql }
      },
    ),
  )

const contextOf = (schema: KnownSchema) => ({
  nowMs: 1_700_000_000_123,
  randomBytes: (count: number) => new Uint8Array(count).fill(7),
  schema,
})

/**
 * Feeds generated texts to everything that reads a tenant's text, until the time is over: nothing may throw but a
 * `DbClusterError`, tokens put together are the text, no step takes longer than its length explains, and SQLite must agree
 * about what is let through. The first failure is thrown, with the text.
 */
export const fuzz = (judge: Judge, seed: number, durationMs: number): FuzzReport => {
  const random = createRandom(seed)
  const schema = schemaWithDefaults()
  const report = { texts: 0, accepted: 0, rewritten: 0, longestMs: 0, cpuSeconds: 0 }
  const fail = (what: string, sql: string, cause?: unknown): Error =>
    new Error(`text ${report.texts} of seed ${seed}: ${what}: ${show(sql)}`, { cause })
  const step = <T>(what: string, sql: string, work: () => T): T => {
    const before = process.cpuUsage()
    let result: T
    try {
      result = work()
    } catch (error) {
      throw fail(`${what} failed (${String(error)})`, sql, error)
    }
    const { user, system } = process.cpuUsage(before)
    const tookMs = (user + system) / 1_000
    report.longestMs = Math.max(report.longestMs, tookMs)
    if (tookMs > STEP_LIMIT_MS) throw fail(`${what} took ${tookMs} ms`, sql)
    return result
  }
  const begun = process.cpuUsage()
  const until = performance.now() + durationMs
  while (performance.now() < until) {
    report.texts += 1
    const sql = generateText(random)
    step('tokenize', sql, () => mustBeLossless(sql))
    step('split', sql, () => splitStatements(sql))
    const plan = step('plan', sql, () => planOrCode(sql))
    if (sql.length <= JUDGED_CHARS) step('SQLite', sql, () => mustAgree(judge, sql))
    if (typeof plan === 'string') continue
    report.accepted += 1
    const args = Array.from({ length: plan.parameters.count }, (_, at): SqlValue => (at % 2 === 0 ? 'now' : 7))
    step('wrap', sql, () => wrapForExactValues(plan, 1))
    step('bind', sql, () => unlessRefused(() => bind(plan, args, { blobs: 'inline', hexText: 'inline' })))
    if (isRead(plan)) continue
    const made = step('rewrite', sql, () => unlessRefused(() => makeDeterministic(plan, args, contextOf(schema))))
    if (made === undefined) continue
    if (made !== plan) report.rewritten += 1
    if (sql.length <= JUDGED_CHARS) step('SQLite on what is sent', made.sql, () => mustNotDiffer(judge, made))
  }
  const { user, system } = process.cpuUsage(begun)
  return { ...report, cpuSeconds: Math.round((user + system) / 1e6) }
}

const mustBeLossless = (sql: string): void => {
  let end = 0
  for (const token of tokenize(sql)) {
    if (token.start !== end || token.end <= token.start) throw new Error(`a token from ${token.start} to ${token.end}`)
    end = token.end
  }
  if (end !== sql.length) throw new Error(`the tokens end at ${end} of ${sql.length}`)
}

const mustAgree = (judge: Judge, sql: string): void => {
  const found = unsafeDisagreement(judge, sql) ?? splitDisagreement(judge, sql)
  if (found !== undefined) throw new Error(found)
}

const mustNotDiffer = (judge: Judge, plan: StatementPlan): void => {
  mustAgree(judge, plan.sql)
  if (plan.kind !== 'write') return
  const { actions, error } = judge.compile(plan.sql)
  const called = actions.find(({ action, second }) => action === 'FUNCTION' && NOT_TWICE.test(second ?? ''))
  if (error === undefined && called !== undefined) throw new Error(`what was rewritten still calls ${called.second}`)
}

const unlessRefused = <T>(work: () => T): T | undefined => {
  try {
    return work()
  } catch (error) {
    if (typeof (error as { readonly code?: unknown }).code === 'string') return undefined
    throw error
  }
}

const show = (sql: string): string =>
  sql.length > 4_000 ? `${JSON.stringify(sql.slice(0, 4_000))}… of ${sql.length} characters` : JSON.stringify(sql)
