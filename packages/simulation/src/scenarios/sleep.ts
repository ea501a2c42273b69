import { notWhole } from '../checks/quiet.js'
import type { Scenario, Stage } from '../scenario.js'
import { createAll } from './create-all.js'

const sleepy = (pick: (low: number, high: number) => number) => ({
  nodes: pick(3, 5),
  config: { replicationFactor: pick(1, 3), hibernationTimeoutMs: pick(300, 1_500) },
})

/** Nothing goes wrong but the moment. */
export const sleepCycles: Scenario = {
  name: 'sleep-cycles',
  about: 'databases fall asleep and are woken by queries at every moment of that; no query fails, nothing is lost',
  world: sleepy,
  play: (stage) => {
    const { world, registers } = stage
    const { random, monitor } = world
    world.boot(world.nodes.length)
    const names = ['app_one', 'app_two'].slice(0, random.integer(1, 2))
    createAll(stage, names)
    for (const name of names) registers.query(name, 'write')
    // Pauses about as long as it takes to fall asleep: so queries meet each step of it.
    for (let round = 0; round < 8; round += 1) {
      world.run(random.between(0.8, 2.5) * 1_500)
      for (let count = random.integer(1, 4); count > 0; count -= 1) {
        world.schedule.after(random.between(0, 400), () => registers.query(random.pick(names)))
      }
    }
    world.run(15_000)
    registers.expectNoFailure('nothing went wrong')
    if (registers.oldestMs > 10_000) monitor.fail('I7 queries', `a query waits for ${registers.oldestMs.toFixed(0)} ms`)
    expectAsleep(stage, names)
  },
}

/** Everybody sleeps, and nothing wakes anybody. */
const expectAsleep = ({ world }: Stage, names: readonly string[]): void => {
  const running = (): string[] => world.nodes.flatMap((node) => node.machine.running())
  if (!world.runUntil(() => running().length === 0, 20_000))
    world.monitor.fail('I7 sleeps', `[${running()}] still run 20 s after the last query`)
  const before = world.nodes.map(({ machine }) => machine.launches)
  world.run(90_000)
  const launched = world.nodes.filter(({ machine }, index) => machine.launches !== before[index])
  if (launched.length > 0)
    world.monitor.fail('I7 sleeps on', `${launched.map(({ peerId }) => peerId)} woke though nobody asked`)
  for (const name of names) {
    const record = world.node(0).core?.table.database(name)
    const why = record === undefined ? 'nobody knows it' : notWhole(world, record)
    if (why !== undefined) world.monitor.fail('liveness whole', `${name}: ${why}`)
  }
}

/** Sleep and wake under every fault that a network and its machines have. */
export const sleepStorm: Scenario = {
  name: 'sleep-storm',
  about: 'databases fall asleep and wake while coordinators die between two messages, and nodes, ports and disks fail',
  world: (pick) => ({ ...sleepy(pick), ports: 8 }),
  play: (stage) => {
    const { world, registers, faults } = stage
    const { random } = world
    world.boot(world.nodes.length)
    const names = ['app_one', 'app_two', 'app_three'].slice(0, random.integer(1, 3))
    createAll(stage, names)
    registers.load(names, 25_000, random.between(200, 2_500))
    faults.rage(25_000, random.between(300, 1_500), {
      ...{ crash: 1, crashInside: 2, pause: 2, partition: 1, oneWay: 2, disconnect: 1, storm: 2, slowDisk: 1, trap: 6 },
      ...{ killReplica: 1, freezeReplica: 1, fullDisk: 1, stealPorts: 3 },
    })
    if (random.chance(0.3)) for (const node of world.nodes) node.machine.temper.startMs = { low: 100, high: 3_000 }
    world.run(26_000)
  },
}

/** Many at once. */
export const wakeStorm: Scenario = {
  name: 'wake-storm',
  about: '20 sleeping databases are asked for at once; none fails',
  world: (pick) => ({
    nodes: pick(3, 5),
    ports: 40,
    config: { replicationFactor: pick(1, 3), hibernationTimeoutMs: 1_000 },
  }),
  play: (stage) => {
    const { world, registers } = stage
    const { random } = world
    world.boot(world.nodes.length)
    const names = Array.from({ length: 20 }, (_, index) => `app_db${index}`)
    createAll(stage, names)
    if (!world.runUntil(() => world.nodes.every(({ machine }) => machine.running().length === 0), 30_000))
      world.monitor.fail('I7 sleeps', 'some of 20 databases do not fall asleep within 30 s')
    for (const name of names) world.schedule.after(random.between(0, 50), () => registers.query(name))
    world.run(12_000)
    registers.expectNoFailure('nothing went wrong')
  },
}

/** What stole the ports decides how a database comes back. */
export const stolenHomes: Scenario = {
  name: 'stolen-homes',
  about: 'while a database sleeps strangers take the ports of one, two or all of its replicas; it wakes all the same',
  world: (pick) => ({ nodes: pick(3, 4), config: { replicationFactor: 3, hibernationTimeoutMs: pick(300, 800) } }),
  play: (stage) => {
    const { world, registers } = stage
    const { random } = world
    world.boot(world.nodes.length)
    createAll(stage, ['app_one'])
    for (let round = 0; round < 3; round += 1) {
      registers.query('app_one', 'write')
      world.run(2_500)
      world.runUntil(() => world.nodes.every(({ machine }) => machine.running().length === 0), 20_000)
      const victims = random.shuffle(world.nodes).slice(0, random.integer(1, world.nodes.length))
      for (const { machine } of victims) machine.steal(machine.homes())
      if (random.chance(0.3)) {
        const late = random.pick(world.nodes)
        late.crash(1)
        world.schedule.after(random.between(100, 4_000), () => late.start())
      }
      registers.query('app_one', 'write')
      registers.query('app_one', 'read')
      world.run(random.between(500, 9_000))
      for (const { machine } of world.nodes) machine.giveBack()
    }
    world.run(10_000)
  },
}
