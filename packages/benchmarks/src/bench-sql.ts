import {
  bind,
  createSqlPlanner,
  knownSchemaOf,
  makeDeterministic,
  planStatement,
  type StatementPlan,
} from '@dbcluster/sql'
import { SQL_CORPUS, SQL_SCHEMA, type SqlCase } from './sql-corpus.js'

/** Calls timed together, since one takes less than the clock's own work; fewer of what takes long. */
const CALLS = 200
const ROUND_CHARS = 40_000
/** Until programs in JavaScript are compiled for what they do. */
const WARM_UP_ROUNDS = 20

/** One call's time in microseconds, over the rounds. */
interface Cost {
  readonly p50: number
  readonly p99: number
}

/** What the check of a statement costs, when its text comes for the first time and when it is remembered. */
export const benchSql = async (rounds: number): Promise<string> => {
  const rows = SQL_CORPUS.map((one) => ({ one, ...costsOf(one, rounds) }))
  const table = [
    '| statement | characters | cold | cached | rewritten | cold p99 | cached p99 |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows.map(({ one, cold, cached, fixed }) =>
      [one.name, one.sql.length, cold.p50, cached.p50, fixed?.p50 ?? '', cold.p99, cached.p99]
        .map((cell) => (typeof cell === 'number' && cell !== one.sql.length ? cell.toFixed(2) : String(cell)))
        .join(' | ')
        .replace(/^.*$/, '| $& |'),
    ),
  ]
  return [
    '# What the check of SQL costs',
    '',
    'Microseconds of the processor for one statement, nothing sent anywhere. **Cold**: read, classified, its parameters numbered, for a text that',
    'was not seen before. **Cached**: the same text again, and its arguments bound. **Rewritten**: what a write takes on top of that to become the same on every',
    'replica, each time; reads take nothing.',
    '',
    ...table,
    '',
    `Medians of ${rounds} rounds of up to ${CALLS} calls (p99: of the rounds).`,
    '',
  ].join('\n')
}

const costsOf = (
  one: SqlCase,
  rounds: number,
): { readonly cold: Cost; readonly cached: Cost; readonly fixed?: Cost } => {
  const planner = createSqlPlanner()
  const extent = { rounds, calls: Math.max(1, Math.min(CALLS, Math.floor(ROUND_CHARS / one.sql.length))) }
  const schema = knownSchemaOf(
    SQL_SCHEMA.map((sql) => {
      const plan = makeDeterministic(planStatement(sql), [], context(new Map()))
      return { type: 'table', name: plan.target ?? '', table: plan.target ?? '', sql: plan.sql }
    }),
  )
  const args = one.args ?? []
  const plan: StatementPlan = planner.plan(one.sql)
  const cached = (): unknown => bind(planner.plan(one.sql), args, { blobs: 'inline', hexText: 'inline' })
  return {
    cold: measure(extent, () => planStatement(one.sql)),
    cached: measure(extent, cached),
    ...(plan.kind === 'write' || plan.kind === 'ddl'
      ? { fixed: measure(extent, () => makeDeterministic(plan, args, context(schema))) }
      : {}),
  }
}

const context = (schema: ReturnType<typeof knownSchemaOf>) => ({
  nowMs: Date.now(),
  randomBytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)),
  schema,
})

/** How much is measured. */
interface Extent {
  readonly rounds: number
  readonly calls: number
}

const measure = ({ rounds, calls }: Extent, work: () => unknown): Cost => {
  const times: number[] = []
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    // The processor's time, so that other work on the machine is not counted.
    const before = process.cpuUsage()
    for (let call = 0; call < calls; call += 1) work()
    const { user, system } = process.cpuUsage(before)
    if (round >= 0) times.push((user + system) / calls)
  }
  times.sort((a, b) => a - b)
  const at = (share: number): number => times[Math.max(0, Math.ceil(share * times.length) - 1)] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99) }
}
