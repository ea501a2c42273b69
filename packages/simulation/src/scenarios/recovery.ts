import type { Scenario, Stage } from '../scenario.js'
import type { SimNode } from '../sim-node.js'
import { createAll } from './create-all.js'
import { askOperator } from './operators.js'

/** Short intervals, so that a dead node is known to be dead within seconds. */
const quick = { healthCheckIntervalMs: 1_000, repairLookMs: 1_000 }

const names = ['app_one', 'app_two'] as const

/** How long an operator waits for what came of it. */
const ANSWER_MS = 35_000

/** A majority of a database's replicas, on nodes that die at once. */
const majorityOf = ({ world }: Stage, name: string): readonly SimNode[] => {
  const { random } = world
  const clusterId = world.clusterIdOf(name)
  const voters = (clusterId === undefined ? undefined : world.fabric.record(clusterId)?.voters) ?? []
  const holding = world.nodes.filter((node) => voters.some(({ id }) => node.machine.directory(name)?.raftId === id))
  return random.shuffle(holding).slice(0, Math.floor(voters.length / 2) + 1)
}

/** Asks until a replica goes on alone, at whichever node answers. */
const recover = (stage: Stage, name: string): void => {
  const { world } = stage
  const { random } = world
  const recoveries = (): number => world.fabric.record(world.clusterIdOf(name) ?? '')?.recovery ?? 0
  const before = recoveries()
  for (let tries = 0; tries < 3 && recoveries() === before; tries += 1) {
    const working = world.working()
    if (working.length > 0) askOperator(stage, random.pick(working), { kind: 'recover', name, confirmed: true })
    world.runUntil(() => recoveries() > before, ANSWER_MS)
  }
}

/** What is left of a database goes on alone; the others return, with what they have. */
export const recovery: Scenario = {
  name: 'recovery',
  about: 'a majority is gone, an operator lets what is left go on, and the others come back, early, late, or never',
  world: (pick) => ({
    nodes: pick(3, 5),
    config: { ...quick, replicationFactor: 3, hibernationTimeoutMs: pick(0, 2) === 2 ? 5_000 : 0 },
  }),
  play: (stage) => {
    const { world, registers, faults } = stage
    const { random, schedule } = world
    world.boot(world.nodes.length)
    createAll(stage, names)
    registers.load(names, 60_000, random.between(150, 900))
    for (let times = random.integer(1, 2); times > 0; times -= 1) {
      world.run(random.between(500, 6_000))
      const name = random.pick(names)
      const victims = majorityOf(stage, name)
      for (const victim of victims) victim.crash(1)
      faults.keepAbsent(victims)
      if (random.chance(0.5))
        faults.rage(20_000, random.between(2_000, 6_000), {
          ...{ crash: 2, crashInside: 1, pause: 2, storm: 1, partition: 1, slowDisk: 1 },
          ...{ killReplica: 2, freezeReplica: 1, fullDisk: 1 },
        })
      const returnsMs = random.between(3_000, 25_000)
      for (const victim of victims) schedule.after(returnsMs + random.between(0, 3_000), () => faults.bringIn(victim))
      world.run(random.between(0, 8_000))
      recover(stage, name)
      // A majority of another database, or of the same again, is lost later.
      world.runUntil(() => victims.every((victim) => victim.alive), 30_000)
    }
    world.run(25_000)
  },
}
