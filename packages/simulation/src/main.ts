import { parseArgs } from 'node:util'
import { createSimulator, replayCommand, SCENARIOS } from './run.js'
import type { Scenario } from './scenario.js'

const USAGE = `sim [--seeds N] [--from SEED] [--scenario NAME] [--bail]   plays many runs, of every scenario or of one
replay --scenario NAME --seed N                          plays one run and prints all that happened

scenarios:
${[...SCENARIOS.values()].map(({ name, about }) => `  ${name.padEnd(20)} ${about}`).join('\n')}
`

const print = (line: string): void => void process.stdout.write(`${line}\n`)

/** Seeds are dealt out to the scenarios in turn: `--seeds 1000` is a thousand runs. @returns the exit code */
const simulate = (
  scenarios: readonly Scenario[],
  options: { readonly seeds: number; readonly from: number; readonly bail: boolean },
): number => {
  const startedMs = performance.now()
  const run = createSimulator()
  let failed = 0
  let messages = 0
  for (let index = 0; index < options.seeds; index += 1) {
    const scenario = scenarios[index % scenarios.length]
    if (scenario === undefined) break
    const seed = options.from + index
    const report = run(scenario, seed)
    messages += report.messages
    if (report.violation === undefined) continue
    failed += 1
    print(`FAILED ${scenario.name} seed ${seed} at ${report.virtualMs.toFixed(0)} ms: ${report.violation}`)
    print(`       ${replayCommand(scenario.name, seed)}`)
    if (options.bail) return 1
  }
  const seconds = (performance.now() - startedMs) / 1_000
  print(`${options.seeds} runs, ${failed} failed, ${messages} messages, ${seconds.toFixed(1)} s`)
  return failed === 0 ? 0 : 1
}

const replay = (scenario: Scenario, seed: number): number => {
  const report = createSimulator()(scenario, seed, { trace: print })
  print(report.violation === undefined ? 'no violation' : `VIOLATION ${report.violation}`)
  return report.violation === undefined ? 0 : 1
}

const main = (): number => {
  const { values, positionals } = parseArgs({
    // pnpm hands on the `--` that it was given.
    args: process.argv.slice(2).filter((argument) => argument !== '--'),
    allowPositionals: true,
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      scenario: { type: 'string' },
      bail: { type: 'boolean', default: false },
    },
  })
  const [command] = positionals
  const scenarios = [...SCENARIOS.values()].filter(({ name }) => [undefined, name].includes(values.scenario))
  if (scenarios[0] === undefined || (command !== 'sim' && command !== 'replay')) {
    print(USAGE)
    return 2
  }
  if (command === 'replay') return replay(scenarios[0], Number(values.seed))
  return simulate(scenarios, { seeds: Number(values.seeds), from: Number(values.from), bail: values.bail })
}

process.exitCode = main()
