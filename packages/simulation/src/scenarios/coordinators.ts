import type { Scenario } from '../scenario.js'

/** The coordinator sleeps at the worst moments. */
export const pausedCoordinator: Scenario = {
  name: 'paused-coordinator',
  about: 'the coordinator stops between promise and confirm, a successor completes, the first one comes back',
  world: (pick) => ({ nodes: pick(3, 5) }),
  play: ({ world, clients }) => {
    const { random, schedule } = world
    world.boot(world.nodes.length)
    for (let round = 0; round < 2; round += 1) {
      clients.ensure(`app_round${round}`, world.node(random.integer(0, world.nodes.length - 1)))
      for (const [index, likely] of [1, 0.4].entries()) {
        if (!random.chance(likely)) continue
        schedule.after(random.between(1, index === 0 ? 220 : 3_000), () => world.node(index).pause())
        schedule.after(random.between(500, 9_000), () => world.node(index).resume())
      }
      world.run(9_500)
    }
  },
}

/** Two halves of a network that both want the same. */
export const duel: Scenario = {
  name: 'duel',
  about: 'several coordinators at once under partitions',
  world: (pick) => ({ nodes: pick(3, 5), config: { replicationFactor: pick(2, 3) } }),
  play: ({ world, clients, faults }) => {
    const { random, schedule } = world
    world.boot(world.nodes.length)
    faults.rage(8_000, 500, { partition: 3, oneWay: 3, disconnect: 1, storm: 2, pause: 1, trap: 2 })
    for (let index = 0; index < 8; index += 1) {
      schedule.after(random.between(0, 7_000), () => clients.ensure(`app_db${random.integer(0, 1)}`))
    }
    world.run(9_000)
  },
}

/** All at once. */
export const mayhem: Scenario = {
  name: 'mayhem',
  about: 'every fault there is, while databases are created and deleted and the network grows',
  world: (pick) => ({ nodes: pick(3, 5), config: { replicationFactor: pick(1, 3) } }),
  play: ({ world, clients, faults }) => {
    const { random, schedule } = world
    const late = world.nodes.slice(random.integer(1, world.nodes.length))
    faults.keepAbsent(late)
    world.boot(world.nodes.length - late.length)
    for (const node of late) schedule.after(random.between(0, 8_000), () => faults.bringIn(node))
    for (let index = 0; index < 12; index += 1) {
      schedule.after(random.between(0, 11_000), () => {
        const name = `app_db${random.integer(0, 2)}`
        if (random.chance(0.25)) clients.delete(name)
        else clients.ensure(name)
      })
    }
    const all = { crash: 2, crashInside: 3, pause: 2, partition: 2, oneWay: 2, disconnect: 1, storm: 2, slowDisk: 1 }
    faults.rage(12_000, 500, { ...all, loseStore: 1, trap: 3 })
    for (const node of world.nodes) node.machine.temper.failure = random.pick([0, 0, 0.2])
    world.run(13_000)
  },
}
