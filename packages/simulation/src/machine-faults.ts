import type { SimNode } from './sim-node.js'
import type { World } from './world.js'

/** Trouble of a machine's rqlited processes, disk and ports. */
export type MachineFault = 'killReplica' | 'freezeReplica' | 'fullDisk' | 'stealPorts'

/** Strikes one machine; each fault mends itself after a while. */
export const strikeMachine = (world: World, { machine }: SimNode, fault: MachineFault): void => {
  const { random, schedule } = world
  const running = machine.running()
  switch (fault) {
    case 'killReplica':
      return running.length === 0 ? undefined : machine.kill(random.pick(running))
    case 'freezeReplica': {
      if (running.length === 0) return
      const name = random.pick(running)
      machine.freeze(name, true)
      return void schedule.after(random.between(100, 5_000), () => machine.freeze(name, false))
    }
    case 'fullDisk':
      machine.full = true
      return void schedule.after(random.between(500, 5_000), () => {
        machine.full = false
      })
    case 'stealPorts': {
      const homes = machine.homes()
      machine.steal(homes.filter(() => random.chance(0.6)))
      return void schedule.after(random.between(1_000, 10_000), () => machine.giveBack())
    }
  }
}

/** Its rqlited processes work as they should. */
export const mendMachine = ({ machine }: SimNode): void => {
  machine.temper.failure = 0
  machine.temper.startMs = { low: 30, high: 150 }
  machine.full = false
  machine.giveBack()
  for (const name of machine.running()) machine.freeze(name, false)
}
