import { parseArgs } from 'node:util'
import { formatCuts, parseCuts } from './plan.js'
import { findPlant, PLANTS } from './plants.js'
import { createSimulator, type RunReport, replayCommand, SCENARIOS, type Simulator } from './run.js'
import type { Scenario } from './scenario.js'
import { shrink } from './shrink.js'

const USAGE = `sim [--seeds N] [--from SEED] [--scenario NAME] [--bail]   plays many runs, of every scenario or of one
replay --scenario NAME --seed N [--nodes N] [--without CUTS]   plays one run and prints all that happened
plant                                                      plants faults of the code and looks for them
shrink --scenario NAME --seed N                            finds less that breaks the same promise

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
    if (failed === 1) printSmallest(run, scenario, report)
    if (options.bail) return 1
  }
  const seconds = (performance.now() - startedMs) / 1_000
  print(`${options.seeds} runs, ${failed} failed, ${messages} messages, ${seconds.toFixed(1)} s`)
  return failed === 0 ? 0 : 1
}

/** Of many findings the first one is made small: the others often are the same. */
const printSmallest = (run: Simulator, scenario: Scenario, found: RunReport): void => {
  const { report, cuts, nodes, runs } = shrink(run, scenario, found)
  const left = Object.entries(report.counts).map(([part, count]) => {
    const without = cuts[part as keyof typeof cuts].size
    return `${count - without} of ${count} ${part}s`
  })
  const smaller = `${nodes === undefined ? '' : ` --nodes ${nodes}`} --without '${formatCuts(cuts)}'`
  print(`       smaller, after ${runs} runs: ${report.nodes} nodes, ${left.join(', ')}: ${report.violation}`)
  print(`       ${replayCommand(scenario.name, found.seed)}${smaller}`)
}

const shrinkOne = (scenario: Scenario, seed: number): number => {
  const run = createSimulator()
  const report = run(scenario, seed)
  print(report.violation ?? 'no violation')
  if (report.violation === undefined) return 0
  printSmallest(run, scenario, report)
  return 1
}

/** Plants each fault and looks for it. @returns the exit code: 1 when one is not found */
const plant = (): number => {
  const run = createSimulator()
  let missed = 0
  for (const { name, breaks, scenario, seed, sabotage } of PLANTS) {
    const found = findPlant(run, { scenario, seed, sabotage })
    const isRight = found?.violation?.startsWith(breaks) === true
    if (!isRight) missed += 1
    print(
      `${isRight ? 'found ' : 'MISSED'} ${name}: ${scenario} ${found?.seed ?? 'none'}: ${found?.violation?.split('\n')[0] ?? ''}`,
    )
  }
  print(`${PLANTS.length - missed} of ${PLANTS.length} planted faults were found`)
  return missed === 0 ? 0 : 1
}

const replay = (
  scenario: Scenario,
  seed: number,
  smaller: { readonly without: string; readonly nodes?: number },
): number => {
  const { without, ...rest } = smaller
  const report = createSimulator()(scenario, seed, { trace: print, cuts: parseCuts(without), ...rest })
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
      without: { type: 'string', default: '' },
      nodes: { type: 'string' },
      bail: { type: 'boolean', default: false },
    },
  })
  const [command] = positionals
  const scenarios = [...SCENARIOS.values()].filter(({ name }) => [undefined, name].includes(values.scenario))
  const [scenario] = scenarios
  if (command === 'plant') return plant()
  if (scenario === undefined || (command !== 'sim' && command !== 'replay' && command !== 'shrink')) {
    print(USAGE)
    return 2
  }
  const nodes = values.nodes === undefined ? {} : { nodes: Number(values.nodes) }
  if (command === 'replay') return replay(scenario, Number(values.seed), { without: values.without, ...nodes })
  if (command === 'shrink') return shrinkOne(scenario, Number(values.seed))
  return simulate(scenarios, { seeds: Number(values.seeds), from: Number(values.from), bail: values.bail })
}

process.exitCode = main()
