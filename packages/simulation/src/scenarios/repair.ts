import type { Scenario } from '../scenario.js'
import { createAll } from './create-all.js'

/** Short intervals, so that a dead node is known to be dead within seconds. */
const quick = { healthCheckIntervalMs: 1_000, repairLookMs: 1_000, hibernationTimeoutMs: 0 }

const names = ['app_one', 'app_two'] as const

/** A node that dies for good, or for long. */
export const replacement: Scenario = {
  name: 'replacement',
  about: 'a node dies for long while registers are written; others take its place; it returns and nothing is lost',
  world: (pick) => ({ nodes: pick(4, 5), config: { ...quick, replicationFactor: 3 } }),
  play: (stage) => {
    const { world, registers, faults } = stage
    const { random, schedule } = world
    world.boot(world.nodes.length)
    createAll(stage, names)
    registers.load(names, 40_000, random.between(100, 600))
    const victim = random.pick(world.nodes)
    world.run(random.between(200, 3_000))
    victim.crash(1)
    faults.keepAbsent([victim])
    schedule.after(random.between(15_000, 35_000), () => faults.bringIn(victim))
    // Whoever comes in hangs or dies at some step of it.
    if (random.chance(0.7))
      faults.rage(30_000, random.between(1_500, 5_000), {
        pause: 1,
        crash: 1,
        crashInside: 1,
        storm: 1,
        freezeReplica: 1,
        trap: 4,
      })
    world.run(41_000)
  },
}

/** Directories and stores that are not what they were. */
export const lostDirectories: Scenario = {
  name: 'lost-directories',
  about:
    'a replica directory is emptied or set back to an older copy while its node is down; it is removed and added anew',
  world: (pick) => ({ nodes: pick(3, 5), config: { ...quick, replicationFactor: 3 } }),
  play: (stage) => {
    const { world, registers } = stage
    const { random } = world
    world.boot(world.nodes.length)
    createAll(stage, names)
    registers.load(names, 30_000, random.between(100, 600))
    for (let round = 0; round < 3; round += 1) {
      const node = random.pick(world.nodes)
      const name = random.pick(names)
      node.machine.backUp(name)
      world.run(random.between(500, 3_000))
      // A launch after the copy was taken: the copy is told by it.
      node.crash(1)
      world.run(200)
      node.start()
      world.run(random.between(2_000, 4_000))
      node.crash(1)
      if (random.chance(0.5)) node.machine.empty(name)
      else node.machine.restoreBackUp(name)
      world.run(random.between(100, 2_000))
      node.start()
      world.run(random.between(3_000, 6_000))
    }
  },
}
