import type { Scenario } from '../scenario.js'

/** A disk is lost. */
export const lostStore: Scenario = {
  name: 'lost-store',
  about: 'nodes lose their store, come back as new acceptors, and nothing chosen is forgotten',
  world: (pick) => ({ nodes: pick(3, 5), config: { replicationFactor: pick(1, 2) } }),
  play: ({ world, clients, faults }) => {
    const { random, schedule } = world
    world.boot(world.nodes.length)
    for (let index = 0; index < 6; index += 1) {
      schedule.after(random.between(0, 9_000), () => clients.ensure(`app_db${random.integer(0, 4)}`))
    }
    const lively = random.chance(0.6)
    faults.rage(
      10_000,
      900,
      lively ? { loseStore: 3, crash: 1, pause: 1, oneWay: 1, storm: 1, trap: 3 } : { loseStore: 1 },
    )
    world.run(11_000)
  },
}

/** What few remember. */
export const fadingMemory: Scenario = {
  name: 'fading-memory',
  about: 'databases are created with a bare majority, then all but one of those who remember them lose their disks',
  world: (pick) => ({ nodes: 5, config: { replicationFactor: pick(1, 2) } }),
  play: ({ world, clients, faults }) => {
    const { random, schedule, network } = world
    world.boot(5)
    for (let round = 0; round < 2; round += 1) {
      const order = random.shuffle(world.nodes)
      const deaf = order.slice(3)
      for (const node of deaf) for (const other of world.nodes) network.block(other.peerId, node.peerId)
      for (let index = 0; index < 2; index += 1)
        clients.ensure(`app_round${round}db${index}`, random.pick(order.slice(0, 3)))
      world.run(random.between(20, 600))
      for (const node of order.slice(1, 3)) faults.loseStore(node)
      schedule.after(random.between(0, 500), () => network.heal())
      world.run(random.between(1_000, 5_000))
    }
  },
}

/** Many changes of the roster at once. */
export const rosters: Scenario = {
  name: 'rosters',
  about:
    'several nodes ask for admission at once while messages get lost and proposers die, after databases were created',
  world: () => ({ nodes: 7, config: { replicationFactor: 1 } }),
  play: ({ world, clients, faults }) => {
    const { random, schedule, network } = world
    const first = random.integer(3, 5)
    faults.keepAbsent(world.nodes.slice(first))
    world.boot(first)
    // What was chosen by a bare majority is what a careless change of the roster forgets.
    const deaf = random.shuffle(world.nodes.slice(0, first)).slice(Math.floor(first / 2) + 1)
    for (const node of deaf) for (const other of world.nodes) network.block(other.peerId, node.peerId)
    clients.ensure('app_one')
    clients.ensure('app_two')
    world.run(random.between(20, 400))
    network.heal()
    for (const node of world.nodes.slice(first)) schedule.after(random.between(0, 300), () => faults.bringIn(node))
    for (let index = 0; index < 4; index += 1) {
      schedule.after(random.between(0, 4_000), () => clients.ensure(`app_db${random.integer(0, 1)}`))
    }
    faults.rage(6_000, 250, { trap: 6, crash: 1, crashInside: 2, storm: 3, oneWay: 2, slowDisk: 1, loseStore: 1 })
    world.run(7_000)
  },
}
