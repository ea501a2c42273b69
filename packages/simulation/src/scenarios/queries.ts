import type { Scenario } from '../scenario.js'

/** Applications write and read while nothing or much goes wrong. */
export const queries: Scenario = {
  name: 'queries',
  about: 'registers are written and read while nodes and rqlited processes die, hang and lose sight of each other',
  world: (pick) => ({ nodes: pick(3, 5), config: { replicationFactor: 3, hibernationTimeoutMs: 0 } }),
  play: ({ world, clients, faults, registers }) => {
    const { random, monitor } = world
    world.boot(world.nodes.length)
    const names = ['app_one', 'app_two']
    for (const name of names) clients.ensure(name)
    if (!world.runUntil(() => clients.allDone, 5_000)) monitor.fail('liveness', 'a plain creation took over 5 s')
    registers.load(names, 12_000, random.between(20, 200))
    if (random.chance(0.8))
      faults.rage(12_000, 900, {
        ...{ crash: 1, crashInside: 1, pause: 1, partition: 1, oneWay: 1, storm: 1, disconnect: 1 },
        ...{ killReplica: 3, freezeReplica: 2 },
      })
    else world.schedule.after(11_900, () => registers.expectNoFailure('nothing went wrong'))
    world.run(12_000)
  },
}
