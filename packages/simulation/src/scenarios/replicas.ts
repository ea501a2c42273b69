import { checkPorts } from '../checks/quiet.js'
import type { Scenario } from '../scenario.js'

/** Replicas that don't come up. */
export const startFailures: Scenario = {
  name: 'start-failures',
  about: 'rqlited fails to start on some nodes, or is slow: others take their place',
  world: (pick) => ({ nodes: pick(3, 5), config: { replicationFactor: pick(2, 3) } }),
  play: ({ world, clients, faults }) => {
    const { random, schedule } = world
    world.boot(world.nodes.length)
    for (const node of world.nodes) {
      node.machine.temper.failure = random.pick([0, 0, 0.3, 1])
      node.machine.temper.startMs = random.pick([
        { low: 30, high: 150 },
        { low: 500, high: 3_000 },
      ])
    }
    for (let index = 0; index < 4; index += 1) {
      schedule.after(random.between(0, 3_000), () => clients.ensure(`app_db${index}`))
    }
    if (random.chance(0.3)) faults.rage(6_000, 900, { crash: 1, crashInside: 1, pause: 1 })
    world.run(9_000)
  },
}

/** Databases come and go. */
export const deleteStorm: Scenario = {
  name: 'delete-storm',
  about: 'the same names are deleted and created again and again while nodes die',
  world: (pick) => ({ nodes: pick(3, 4), config: { replicationFactor: pick(1, 3) } }),
  play: ({ world, clients, faults }) => {
    const { random, schedule } = world
    world.boot(world.nodes.length)
    for (let index = 0; index < 24; index += 1) {
      schedule.after(random.between(0, 10_000), () => {
        const name = `app_db${random.integer(0, 1)}`
        if (random.chance(0.4)) clients.delete(name)
        else clients.ensure(name)
      })
    }
    faults.rage(10_000, 800, { crash: 2, crashInside: 2, disconnect: 1, pause: 1, storm: 1, trap: 2 })
    world.run(11_000)
  },
}

/** Callers that go away. */
export const givenUp: Scenario = {
  name: 'given-up',
  about: 'creations fail or are left alone by those who asked: in the end they are complete or leave nothing behind',
  allSucceed: false,
  world: (pick) => ({ nodes: pick(3, 5), config: { replicationFactor: pick(2, 3) } }),
  play: ({ world, clients, faults }) => {
    const { random, schedule } = world
    world.boot(world.nodes.length)
    clients.patient = false
    for (const node of world.nodes) node.machine.temper.failure = random.pick([0, 0.5, 1])
    for (let index = 0; index < 5; index += 1) {
      schedule.after(random.between(0, 3_000), () => clients.ensure(`app_db${index}`))
    }
    if (random.chance(0.7)) {
      faults.rage(5_000, 600, { crash: 2, crashInside: 1, pause: 1, oneWay: 1, trap: 2 })
      return world.run(6_000)
    }
    // With no other trouble than starts that fail, what failed is given back at once.
    world.run(3_000)
    if (!world.runUntil(() => clients.allDone, 15_000))
      world.monitor.fail('liveness', 'a creation got no answer in 15 s')
    world.run(1_000)
    checkPorts(world)
  },
}

/** Nobody is left who wanted it. */
export const leftAlone: Scenario = {
  name: 'left-alone',
  about: 'the coordinator dies in the middle of creations, for long, and nobody asks again: the replicas settle it',
  allSucceed: false,
  world: (pick) => ({ nodes: pick(3, 5), config: { replicationFactor: pick(1, 3) } }),
  play: ({ world, clients, faults }) => {
    const { random, schedule, network } = world
    world.boot(world.nodes.length)
    clients.patient = false
    network.weather.delayMs = { low: 1, high: random.between(20, 400) }
    for (let index = 0; index < 3; index += 1) clients.ensure(`app_db${index}`, world.node(0))
    schedule.after(random.between(50, 2_500), () => world.node(0).crash(1))
    if (random.chance(0.5)) faults.rage(2_000, 400, { oneWay: 1, disconnect: 1, slowDisk: 1 })
    world.run(45_000)
  },
}

/** Not enough room, and it is said at once. */
export const tooFew: Scenario = {
  name: 'too-few',
  about: 'too few nodes or ports: a prompt refusal with the reasons, and no port stays leased',
  allSucceed: false,
  world: (pick) => ({ nodes: pick(2, 4), ports: pick(1, 3), config: { replicationFactor: 3 } }),
  play: ({ world, clients }) => {
    const { random, monitor } = world
    world.boot(world.nodes.length)
    clients.patient = false
    const down = random.integer(0, world.nodes.length - 2)
    for (const node of random.shuffle(world.nodes).slice(0, down)) node.crash(1)
    world.run(100)
    for (let index = 0; index < 5; index += 1) {
      const wish = clients.ensure(`app_db${index}`, random.pick(world.working()))
      world.runUntil(() => wish.done, 10_000)
      const { result } = wish
      if (result?.ok !== false) continue
      if (!/^insufficient nodes responded: got [0-2], need 3 \(.+\)$/.test(result.error.message))
        monitor.fail('refusal', `the refusal says: ${result.error.message}`)
      if ((wish.doneMs ?? 0) > world.nowMs || result.error.code !== 'INSUFFICIENT_NODES')
        monitor.fail('refusal', `${result.error.code} at ${wish.doneMs}`)
      world.run(200)
      checkPorts(world)
    }
  },
}
