import { checkNoLeaks, notWhole } from './checks/quiet.js'
import type { Clients } from './clients.js'
import type { Faults } from './faults.js'
import type { Registers } from './registers.js'
import type { World } from './world.js'

/** Time after mending within which everything open must be answered: a creation's own limit, and a retry. */
const ANSWER_WITHIN_MS = 25_000
/**
 * Time within which every database has all of its replicas, once everybody is there again: each node wakes one that
 * sleeps a minute, to have it repaired.
 */
const WHOLE_WITHIN_MS = 240_000
/** Time in which the messages of a network at rest are counted, and the most that one node may hear in a second. */
const CALM_MS = 10_000
const CALM_MESSAGES = 20
/** Longer than any application waits for a query. */
const QUERIES_WITHIN_MS = 15_000
/** Time within which tables must be equal: a few rounds of anti-entropy. */
const CONVERGE_WITHIN_MS = 40_000
/** Time after which nothing may be left of what was given up: leases, replicas nobody established, ends without tombstone. */
const GIVEN_UP_GONE_MS = 75_000

/** What holds at the end of every run, once nothing goes wrong any more. */
export const settle = (
  stage: {
    readonly world: World
    readonly clients: Clients
    readonly faults: Faults
    readonly registers: Registers
  },
  expectations: { readonly allSucceed: boolean },
): void => {
  const { world, clients, faults, registers } = stage
  const { monitor } = world
  faults.mend()
  monitor.trace(() => '*** mended')
  if (!expectations.allSucceed) clients.patient = false
  if (!world.runUntil(() => clients.allDone, ANSWER_WITHIN_MS)) {
    const open = clients.wishes.filter((wish) => !wish.done)
    const last = open[0]?.result
    const why = last?.ok === false ? `${last.error.code}: ${last.error.message}` : 'no answer'
    monitor.fail(
      'liveness',
      `${open.length} wishes are open ${ANSWER_WITHIN_MS} ms after everything works again, such as ${open[0]?.kind} ${open[0]?.name} after ${open[0]?.asks} asks (${why})`,
    )
  }
  if (expectations.allSucceed) ensureAgain(world, clients)
  readAgain(world, registers)
  converge(world)
  world.run(GIVEN_UP_GONE_MS)
  converge(world)
  becomeWhole(world)
  checkNoLeaks(world)
  checkOneView(world)
  checkCalm(world)
  monitor.knowledge.checkAll()
}

/** Every name that should exist can be opened through every node. */
const ensureAgain = (world: World, clients: Clients): void => {
  const names = [...new Set(clients.wishes.map((wish) => wish.name))]
  const deleted = new Set(clients.wishes.filter((wish) => wish.kind === 'delete').map((wish) => wish.name))
  for (const name of names) {
    if (deleted.has(name)) clients.ensure(name)
    else for (const node of world.working()) clients.ensure(name, node)
  }
  if (!world.runUntil(() => clients.allDone, ANSWER_WITHIN_MS)) {
    const open = clients.wishes.find((wish) => !wish.done)
    const why = open?.result?.ok === false ? open.result.error.message : 'no answer'
    world.monitor.fail('liveness', `${open?.name} cannot be opened though everything works: ${why}`)
  }
}

/** Once nothing goes wrong any more every query is answered, and what was acknowledged is there. */
const readAgain = (world: World, registers: Registers): void => {
  world.runUntil(() => registers.open === 0, QUERIES_WITHIN_MS)
  registers.forgetFailures()
  registers.readAll()
  world.runUntil(() => registers.open === 0, QUERIES_WITHIN_MS)
  registers.expectNoFailure('everything works again')
  registers.checkKept()
}

/** I2: equal digests on all nodes. */
const converge = (world: World): void => {
  const texts = (): Set<string> => new Set(world.working().map((node) => JSON.stringify(node.core?.table.digest())))
  const admitted = (): boolean => world.working().every((node) => node.core?.admitted === true)
  const untilMs = world.nowMs + CONVERGE_WITHIN_MS
  while (world.nowMs < untilMs) {
    if (admitted() && texts().size === 1) return
    world.run(250)
  }
  const outside = world.working().filter((node) => node.core?.admitted !== true)
  if (outside.length > 0)
    world.monitor.fail('liveness', `${outside.map((node) => node.peerId).join(', ')} not admitted in the end`)
  world.monitor.fail('I2 convergence', `tables differ ${CONVERGE_WITHIN_MS} ms after everything works again`)
}

/** Every database is active or asleep, with all of its replicas. */
const becomeWhole = (world: World): void => {
  const whole = (): string | undefined => {
    const records = world.working()[0]?.core?.table.databases() ?? []
    for (const record of records) {
      if (record.deleted || !record.established) continue
      const why = notWhole(world, record)
      if (why !== undefined) return `${record.name}: ${why}`
    }
    return undefined
  }
  const untilMs = world.nowMs + WHOLE_WITHIN_MS
  while (world.nowMs < untilMs && whole() !== undefined) world.run(500)
  const why = whole()
  if (why !== undefined)
    world.monitor.fail('liveness whole', `${WHOLE_WITHIN_MS} ms after everything works again, ${why}`)
}

/** I9: when nothing happens, next to nothing is said: no two nodes keep each other busy. */
const checkCalm = (world: World): void => {
  const before = world.network.messages
  world.run(CALM_MS)
  const perNode = (world.network.messages - before) / (CALM_MS / 1_000) / world.nodes.length
  if (perNode > CALM_MESSAGES)
    world.monitor.fail('I9 calm', `each node hears ${perNode.toFixed(0)} messages a second while nothing happens`)
}

const checkOneView = (world: World): void => {
  for (const node of world.working()) {
    const [lazarus] = world.monitor.outcomes.resurrected(node.core?.table.databases() ?? [])
    if (lazarus !== undefined)
      world.monitor.fail(
        'deleted stays deleted',
        `${lazarus.name}/${lazarus.decree.generation} lives on ${node.peerId}`,
      )
  }
}
