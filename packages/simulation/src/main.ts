import { parseArgs } from 'node:util'
import { replayCommand, runScenario, SCENARIOS } from './run.js'
import type { Scenario } from './scenario.js'

const USAGE = `sim [--seeds N] [--from SEED] [--scenario NAME]   plays many seeds, each in every scenario or in one
replay --scenario NAME --seed N                 plays one run and prints all that happened

scenarios:
${[...SCENARIOS.values()].map(({ name, about }) => `  ${name.padEnd(20)} ${about}`).join('\n')}
`

const print = (line: string): void => void process.stdout.write(`${line}\n`)

const scenariosCalled = (name: string | undefined): readonly Scenario[] => {
  if (name === undefined) return [...SCENARIOS.values()]
  const scenario = SCENARIOS.get(name)
  if (scenario === undefined)
    throw new RangeError(`there is no scenario ${name}; there are: ${[...SCENARIOS.keys()].join(', ')}`)
  return [scenario]
}

/** Seeds are dealt out to the scenarios in turn: `--seeds 1000` is a thousand runs. @returns how many failed */
const simulate = (options: {
  readonly seeds: number
  readonly from: number
  readonly scenario?: string | undefined
}): number => {
  const scenarios = scenariosCalled(options.scenario)
  const startedMs = performance.now()
  let failed = 0
  let messages = 0
  for (let index = 0; index < options.seeds; index += 1) {
    const scenario = scenarios[index % scenarios.length]
    if (scenario === undefined) break
    const seed = options.from + index
    const report = runScenario(scenario, seed)
    messages += report.messages
    if (report.violation === undefined) continue
    failed += 1
    print(`FAILED ${scenario.name} seed ${seed} at ${report.virtualMs.toFixed(0)} ms: ${report.violation}`)
    print(`       ${replayCommand(scenario.name, seed)}`)
  }
  const seconds = (performance.now() - startedMs) / 1_000
  print(`${options.seeds} runs, ${failed} failed, ${messages} messages, ${seconds.toFixed(1)} s`)
  return failed
}

const replay = (scenarioName: string | undefined, seed: number): number => {
  const [scenario] = scenariosCalled(scenarioName ?? '')
  if (scenario === undefined) return 1
  const report = runScenario(scenario, seed, { trace: print })
  print(report.violation === undefined ? 'no violation' : `VIOLATION ${report.violation}`)
  return report.violation === undefined ? 0 : 1
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    scenario: { type: 'string' },
  },
})
const [command] = positionals.filter((positional) => positional !== '--')
if (command === 'sim') {
  const failed = simulate({ seeds: Number(values.seeds), from: Number(values.from), scenario: values.scenario })
  process.exitCode = failed === 0 ? 0 : 1
} else if (command === 'replay') process.exitCode = replay(values.scenario, Number(values.seed))
else {
  print(USAGE)
  process.exitCode = 2
}
