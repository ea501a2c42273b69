import { checkPorts } from '../checks/quiet.js'
import type { Scenario } from '../scenario.js'

/** Nothing goes wrong: creations work at once. */
export const plain: Scenario = {
  name: 'plain',
  about: 'creations on a healthy cluster take one round and no retry',
  world: (pick) => ({ nodes: pick(1, 5), config: { replicationFactor: 1 } }),
  play: ({ world, clients }) => {
    world.boot(world.nodes.length)
    const wishes = ['app_one', 'app_two', 'app_three'].map((name) => clients.ensure(name))
    if (!world.runUntil(() => clients.allDone, 1_000)) world.monitor.fail('liveness', 'a plain creation took over 1 s')
    for (const wish of wishes)
      if (wish.asks !== 1 || wish.result?.ok !== true)
        world.monitor.fail('liveness', `${wish.name} took ${wish.asks} asks`)
    world.run(200)
    checkPorts(world)
  },
}

/** Thirty callers, one name. */
export const thirty: Scenario = {
  name: 'thirty',
  about: '30 asks of one name through different nodes at once make one cluster',
  world: (pick) => ({ nodes: pick(3, 5) }),
  play: ({ world, clients, faults }) => {
    world.boot(world.nodes.length)
    if (world.random.chance(0.5)) faults.rage(3_000, 400, { storm: 2, pause: 1, disconnect: 1 })
    for (let index = 0; index < 30; index += 1) {
      world.schedule.after(world.random.between(0, 60), () => clients.ensure('app_users'))
    }
    world.run(4_000)
    const ids = new Set(clients.wishes.flatMap(({ result }) => (result?.ok ? [result.record.decree.clusterId] : [])))
    if (ids.size > 1) world.monitor.fail('I1 one cluster', `30 callers were given ${ids.size} clusters`)
  },
}

/** Many names at once. */
export const ten: Scenario = {
  name: 'ten',
  about: '10 different databases at once, on nodes with few ports',
  world: (pick) => ({ nodes: pick(3, 5), ports: pick(12, 20) }),
  play: ({ world, clients, faults }) => {
    world.boot(world.nodes.length)
    const atOnce = world.random.chance(0.5)
    // A node that hangs makes several decisions fall due in one and the same tick.
    if (atOnce) world.random.pick(world.nodes.slice(1)).pause()
    for (let index = 0; index < 10; index += 1) {
      const via = atOnce ? world.node(0) : undefined
      world.schedule.after(atOnce ? 1 : world.random.between(0, 20), () => clients.ensure(`app_db${index}`, via))
    }
    if (world.random.chance(0.5)) faults.rage(4_000, 500, { crash: 1, pause: 1, slowDisk: 1, disconnect: 1 })
    world.run(5_000)
  },
}

/** Creations while the network grows. */
export const growth: Scenario = {
  name: 'growth',
  about: 'from 1 to 5 nodes at random times while databases are created',
  world: (pick) => ({ nodes: 5, config: { replicationFactor: pick(1, 3) } }),
  play: ({ world, clients, faults }) => {
    const { random, schedule } = world
    faults.keepAbsent(world.nodes.slice(1))
    world.boot(1)
    for (const node of world.nodes.slice(1)) schedule.after(random.between(0, 4_000), () => faults.bringIn(node))
    for (let index = 0; index < 6; index += 1) {
      schedule.after(random.between(0, 5_000), () => {
        const name = `app_db${random.integer(0, 3)}`
        if (random.chance(0.2)) clients.delete(name)
        else clients.ensure(name)
      })
    }
    const mix = { crash: 1, crashInside: 2, pause: 1, storm: 1, disconnect: 1, trap: 3 }
    if (random.chance(0.7)) faults.rage(5_000, 500, mix)
    world.run(6_000)
  },
}
