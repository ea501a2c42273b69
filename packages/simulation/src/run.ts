import { createNodeMessageChecker, type NodeMessage } from '@dbcluster/protocol'
import { Clients } from './clients.js'
import { Faults } from './faults.js'
import { Violation } from './monitor.js'
import { type Cuts, Plan } from './plan.js'
import { Random } from './random.js'
import { Registers } from './registers.js'
import { NO_SABOTAGE, type Sabotage } from './sabotage.js'
import type { Scenario } from './scenario.js'
import { duel, mayhem, pausedCoordinator } from './scenarios/coordinators.js'
import { growth, plain, ten, thirty } from './scenarios/creation.js'
import { fadingMemory, lostStore, rosters } from './scenarios/memory.js'
import { forgotten, operators } from './scenarios/operators.js'
import { queries } from './scenarios/queries.js'
import { recovery } from './scenarios/recovery.js'
import { lostDirectories, replacement } from './scenarios/repair.js'
import { deleteStorm, givenUp, leftAlone, startFailures, tooFew } from './scenarios/replicas.js'
import { sleepCycles, sleepStorm, stolenHomes, wakeStorm } from './scenarios/sleep.js'
import { settle } from './settle.js'
import { World } from './world.js'

/** Every scenario by its name. */
export const SCENARIOS: ReadonlyMap<string, Scenario> = new Map(
  [
    plain,
    thirty,
    ten,
    growth,
    pausedCoordinator,
    duel,
    lostStore,
    fadingMemory,
    rosters,
    startFailures,
    deleteStorm,
    givenUp,
    leftAlone,
    tooFew,
    queries,
    sleepCycles,
    sleepStorm,
    wakeStorm,
    stolenHomes,
    replacement,
    lostDirectories,
    operators,
    forgotten,
    recovery,
    mayhem,
  ].map((scenario) => [scenario.name, scenario]),
)

/** What a run was like. */
export interface RunReport {
  readonly scenario: string
  readonly seed: number
  readonly virtualMs: number
  readonly messages: number
  readonly wishes: number
  readonly nodes: number
  /** Parts that the run is made of, those left out included. */
  readonly counts: Plan['counts']
  readonly violation?: string
}

/** How somebody else sees the same run. */
export const replayCommand = (scenario: string, seed: number): string =>
  `pnpm --filter @dbcluster/simulation replay -- --scenario ${scenario} --seed ${seed}`

/** What may be asked of one run. */
export interface RunOptions {
  readonly trace?: (line: string) => void
  /** Parts of the scenario that are left out. @default none */
  readonly cuts?: Cuts
  /** A fault planted in every node. @default none */
  readonly sabotage?: Sabotage
  /** Nodes instead of the scenario's own number. */
  readonly nodes?: number
}

/** Plays one scenario from one seed. The same two give the same run, whatever the machine. */
export type Simulator = (scenario: Scenario, seed: number, options?: RunOptions) => RunReport

/** A simulator keeps what is costly to make: the compiled schemas of the wire. */
export const createSimulator = (): Simulator => {
  const { is } = createNodeMessageChecker()
  return (scenario, seed, options = {}) => play(scenario, seed, { ...options, isWellFormed: is })
}

const play = (
  scenario: Scenario,
  seed: number,
  options: RunOptions & { readonly isWellFormed: (message: NodeMessage) => boolean },
): RunReport => {
  const { trace, isWellFormed, cuts, nodes, sabotage = NO_SABOTAGE } = options
  const dice = new Random(seed ^ 0x5bd1e995)
  const own = scenario.world((low, high) => dice.integer(low, high))
  const world = new World({ seed, isWellFormed, plan: new Plan(cuts), sabotage, ...own, nodes: nodes ?? own.nodes })
  const stage = { world, clients: new Clients(world), faults: new Faults(world), registers: new Registers(world) }
  if (trace !== undefined) world.monitor.trace = (line) => trace(`${world.nowMs.toFixed(1).padStart(9)} ${line()}`)
  const violation = attempt(() => {
    scenario.play(stage)
    settle(stage, { allSucceed: scenario.allSucceed ?? true })
  })
  if (violation !== undefined) describe(world)
  return {
    scenario: scenario.name,
    seed,
    virtualMs: world.nowMs,
    messages: world.network.messages,
    wishes: stage.clients.wishes.length,
    nodes: world.nodes.length,
    counts: world.plan.counts,
    ...(violation === undefined ? {} : { violation }),
  }
}

/** How every rqlited stands, into the trace: what a finding is often about. */
const describe = (world: World): void => {
  for (const { peerId, machine } of world.nodes)
    for (const name of machine.running())
      world.monitor.trace(
        () => `${peerId} ${name} ${JSON.stringify({ at: machine.server(name)?.address, ...machine.sight(name) })}`,
      )
}

/** A broken promise is a finding; so is anything else the core throws. */
const attempt = (play: () => void): string | undefined => {
  try {
    play()
    return undefined
  } catch (error) {
    if (error instanceof Violation) return error.message
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}
