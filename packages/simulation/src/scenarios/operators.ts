import type { OperatorRequest } from '@dbcluster/coordinator'
import type { Scenario, Stage } from '../scenario.js'
import type { SimNode } from '../sim-node.js'
import { createAll } from './create-all.js'

/** Short intervals, so that what operators ask for is done within seconds. */
const quick = { healthCheckIntervalMs: 1_000, repairLookMs: 1_000, hibernationTimeoutMs: 0 }

const names = ['app_one', 'app_two'] as const

/** An operator sits down at one node; nobody waits for the answer, what must come of it is checked in the end. */
export const askOperator = ({ world }: Stage, node: SimNode, request: OperatorRequest): boolean => {
  if (!node.working || !world.plan.admits('wish')) return false
  world.monitor.trace(() => `${node.peerId} operator ${JSON.stringify(request)}`)
  node.dispatch({ type: 'operatorAsked', askId: `operator-${world.nowMs}-${node.peerId}`, request })
  return true
}

/** Everybody takes replicas again, once everybody is there. */
const stopDraining = (stage: Stage): void => {
  const { world } = stage
  world.runUntil(() => world.nodes.every((node) => node.working), 20_000)
  for (const node of world.nodes) {
    node.start()
    node.resume()
    node.dispatch({ type: 'operatorAsked', askId: `back-${node.peerId}`, request: { kind: 'drain', on: false } })
  }
}

/** What operators do, at bad moments. */
export const operators: Scenario = {
  name: 'operators',
  about: 'nodes are drained and taken back, databases grow and shrink, all is restarted, while registers are written',
  world: (pick) => ({ nodes: pick(4, 5), config: { ...quick, replicationFactor: pick(2, 3) } }),
  play: (stage) => {
    const { world, registers, faults } = stage
    const { random, schedule } = world
    world.boot(world.nodes.length)
    createAll(stage, names)
    registers.load(names, 45_000, random.between(150, 900))
    for (let act = 0; act < 8; act += 1) {
      schedule.after(random.between(0, 40_000), () => {
        const node = random.pick(world.nodes)
        if (random.chance(0.4)) return void askOperator(stage, node, { kind: 'drain', on: random.chance(0.6) })
        const replicationFactor = random.integer(1, world.nodes.length)
        askOperator(stage, node, { kind: 'setReplication', name: random.pick(names), replicationFactor })
      })
    }
    if (random.chance(0.3)) schedule.after(random.between(5_000, 35_000), () => restartAll(stage))
    if (random.chance(0.7))
      faults.rage(40_000, random.between(2_000, 6_000), {
        ...{ crash: 2, crashInside: 1, pause: 2, storm: 1, partition: 1, slowDisk: 1, trap: 2 },
        ...{ killReplica: 1, freezeReplica: 1 },
      })
    world.run(46_000)
    stopDraining(stage)
  },
}

/** The power fails everywhere at once. */
const restartAll = ({ world }: Stage): void => {
  const { random, schedule } = world
  for (const node of world.nodes) {
    node.crash(1)
    schedule.after(random.between(50, 3_000), () => node.start())
  }
}

/** A node that is gone for good, as everybody believes. */
export const forgotten: Scenario = {
  name: 'forgotten',
  about: 'a node dies, is forgotten, and returns all the same, with its disk or without; databases stay whole',
  world: (pick) => ({ nodes: pick(4, 5), config: { ...quick, replicationFactor: 3 } }),
  play: (stage) => {
    const { world, registers, faults } = stage
    const { random, schedule } = world
    world.boot(world.nodes.length)
    createAll(stage, names)
    registers.load(names, 45_000, random.between(200, 900))
    const victim = random.pick(world.nodes)
    world.run(random.between(200, 3_000))
    victim.crash(1)
    faults.keepAbsent([victim])
    const isMember = (): boolean =>
      world
        .working()
        .some((node) => node.core?.roster?.members.some(({ incarnation }) => incarnation === victim.incarnation))
    let asked = false
    for (let tries = 0; tries < 6; tries += 1) {
      world.run(random.between(1_000, 6_000))
      asked = askOperator(stage, random.pick(world.working()), { kind: 'forget', peerId: victim.peerId }) || asked
    }
    if (asked && !world.runUntil(() => !isMember(), 20_000))
      world.monitor.fail('liveness', `${victim.peerId} is a member still, 20 s after it was to be forgotten`)
    if (random.chance(0.5)) victim.loseStore()
    schedule.after(random.between(1_000, 8_000), () => faults.bringIn(victim))
    world.run(20_000)
  },
}
