import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { benchCreate } from './bench-create.js'
import { benchFailover } from './bench-failover.js'
import { benchFlood } from './bench-flood.js'
import { benchQuery } from './bench-query.js'
import { benchSql } from './bench-sql.js'
import { benchTls } from './bench-tls.js'
import { benchWake } from './bench-wake.js'
import { benchWakes } from './bench-wakes.js'
import { describeMachine } from './machine.js'

const BENCHMARKS = {
  create: { run: benchCreate, runs: 20, what: 'from asking for a new database to its first acknowledged write' },
  query: { run: benchQuery, runs: 500, what: 'a read of one row, and a write' },
  wake: { run: benchWake, runs: 50, what: 'from a query for a database that sleeps to its first row' },
  wakes: { run: benchWakes, runs: 3, what: 'from twenty such queries at once to the row of each' },
  failover: {
    run: benchFailover,
    runs: 20,
    what: 'from the end of a leader by SIGKILL to the next acknowledged write',
  },
  flood: { run: benchFlood, runs: 5, what: 'a read by one key while another one floods the gateway' },
  tls: { run: benchTls, runs: 500, what: 'replicas with and without protection: start, writes' },
  sql: {
    run: benchSql,
    runs: 50,
    what: 'the check of statements, for the first time and remembered; starts no cluster',
  },
} as const

const USAGE = `Measures dbcluster beside bare rqlited, in the same run.

${Object.entries(BENCHMARKS)
  .map(([name, { runs, what }]) => `  ${name.padEnd(9)}${what} (${runs} runs)`)
  .join('\n')}

  --runs N   other than so many creations, requests, wake-ups, lost leaders or rounds
  --save     also write docs/benchmarks/<name>.md
`

const isBenchmark = (name: string | undefined): name is keyof typeof BENCHMARKS =>
  name !== undefined && Object.hasOwn(BENCHMARKS, name)

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2).filter((argument) => argument !== '--'),
    options: { runs: { type: 'string' }, save: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  })
  const [name] = positionals
  if (values.help === true || !isBenchmark(name)) {
    process.exitCode = values.help === true ? 0 : 1
    return void process.stdout.write(USAGE)
  }
  const { run, runs } = BENCHMARKS[name]
  const wanted = Number(values.runs ?? runs)
  if (!Number.isInteger(wanted) || wanted < 1) throw new Error(`--runs ${values.runs}: a positive number is expected`)
  const before = describeMachine()
  const report = `${await run(wanted)}\n${before}\n`
  process.stdout.write(report)
  if (values.save !== true) return
  const file = join(fileURLToPath(new URL('../../../docs/benchmarks/', import.meta.url)), `${name}.md`)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, report)
  process.stderr.write(`written to ${file}\n`)
}

await main()
// Pools of HTTP connections would keep the process for their keep-alive time.
process.exit()
