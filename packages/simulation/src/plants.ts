import type { CoordinatorEffect } from '@dbcluster/coordinator'
import { type RunReport, SCENARIOS, type Simulator } from './run.js'
import type { Sabotage } from './sabotage.js'

/** A fault of the code, and the run that finds it. */
export interface Plant {
  readonly name: string
  /** The promise that is found broken: how the violation begins. */
  readonly breaks: string
  readonly scenario: string
  /** Where the search begins; the fault is found within {@link PLANT_SEEDS} seeds from there. */
  readonly seed: number
  readonly sabotage: Sabotage
}

/** Seeds that are tried for each: code that changes moves the run that shows a fault. */
export const PLANT_SEEDS = 30

/** Leaves out some effects. */
const without = (isDropped: (effect: CoordinatorEffect) => boolean): Sabotage => ({
  effects: (_node, effects) => effects.filter((effect) => !isDropped(effect)),
})

/** Puts others in the place of some effects. */
const instead = (replace: (effect: CoordinatorEffect) => readonly CoordinatorEffect[] | undefined): Sabotage => ({
  effects: (_node, effects) => effects.flatMap((effect) => replace(effect) ?? [effect]),
})

/** One fault or more for each of the design's invariants I1 to I9. */
export const PLANTS: readonly Plant[] = [
  {
    name: 'every vote is counted twice, as another member’s too',
    breaks: 'I1 ',
    scenario: 'fading-memory',
    seed: 1,
    sabotage: {
      events: (node, event) => {
        if (event.type !== 'messageReceived' || event.message.type !== 'DATABASE_CREATE_ACCEPTED') return [event]
        const other = node.core?.roster?.members.find(({ peerId }) => peerId !== event.from)
        return other === undefined ? [event] : [event, { ...event, from: other.peerId }]
      },
    },
  },
  {
    name: 'votes leave before they are on disk',
    breaks: 'durable first',
    scenario: 'plain',
    seed: 1,
    sabotage: {
      effects: (_node, effects) => [
        ...effects.filter(({ type }) => type !== 'persist'),
        ...effects.filter(({ type }) => type === 'persist'),
      ],
    },
  },
  {
    name: 'NodeB takes in no news of what was deleted',
    breaks: 'I2 convergence',
    scenario: 'delete-storm',
    seed: 1,
    sabotage: {
      events: (node, event) => {
        const isEnd =
          event.type === 'messageReceived' &&
          event.message.type === 'METADATA_UPDATE' &&
          event.message.records.some((record) => record.kind === 'database' && record.deleted)
        return node.peerId === 'NodeB' && isEnd ? [] : [event]
      },
    },
  },
  {
    name: 'a directory that is older than it should be is not told from another',
    breaks: 'I3 old copy',
    scenario: 'lost-directories',
    seed: 1,
    sabotage: {
      effects: (node, effects) => {
        for (const effect of effects) if (effect.type === 'startReplica') node.machine.forgetMark(effect.name)
        return effects
      },
    },
  },
  {
    name: 'a replica that slept is made a cluster of its own when it wakes',
    breaks: 'I6 recovery',
    scenario: 'sleep-cycles',
    seed: 1,
    sabotage: instead((effect) => {
      if (effect.type !== 'startReplica' || effect.start.kind !== 'restart') return undefined
      const { raftId, host, raftPort } = effect.assignment
      const alone = [{ id: raftId, address: `${host}:${raftPort}` }]
      return [{ ...effect, start: { kind: 'recover', peers: alone } }]
    }),
  },
  {
    name: 'a replica that goes on alone keeps the name that the others know it by',
    breaks: 'I6 recovery',
    scenario: 'recovery',
    seed: 1,
    sabotage: instead((effect) => {
      if (effect.type !== 'startReplica' || effect.start.kind !== 'recover') return undefined
      const { recovery: _, ...nameless } = effect
      return [nameless]
    }),
  },
  {
    name: 'a replica that starts again forgets whether anybody still counts it in',
    breaks: 'I5 disowned',
    scenario: 'queries',
    seed: 1,
    sabotage: instead((effect) =>
      effect.type === 'startReplica' && effect.start.kind === 'restart'
        ? [{ type: 'removeReplica', name: effect.name, clusterId: effect.decree.clusterId, reason: 'unknown' }]
        : undefined,
    ),
  },
  {
    name: 'a gate that does not close says it did',
    breaks: 'queries',
    scenario: 'sleep-cycles',
    seed: 1,
    sabotage: {
      events: (node, event) => {
        if (event.type !== 'queriesHeld') return [event]
        node.gates.open(event.name, false)
        return [{ ...event, held: true }]
      },
    },
  },
  {
    name: 'waiting queries are never told of',
    breaks: 'queries',
    scenario: 'sleep-cycles',
    seed: 1,
    sabotage: { events: (_node, event) => (event.type === 'queryHeld' ? [] : [event]) },
  },
  {
    name: 'whoever fell asleep thinks that a query waits',
    breaks: 'I7 sleeps',
    scenario: 'sleep-cycles',
    seed: 1,
    sabotage: {
      events: (_node, event) =>
        event.type === 'replicaSlept' ? [event, { type: 'queryHeld', name: event.name }] : [event],
    },
  },
  {
    name: 'ports of offers that nobody took stay leased',
    breaks: 'I8 ports',
    scenario: 'plain',
    seed: 1,
    sabotage: without(({ type }) => type === 'releasePorts'),
  },
  {
    name: 'a replica that sleeps keeps its process',
    breaks: 'I8 processes',
    scenario: 'stolen-homes',
    seed: 1,
    sabotage: {
      effects: (node, effects) => {
        for (const effect of effects) if (effect.type === 'sleepReplica') node.machine.immortal.add(effect.name)
        return effects
      },
    },
  },
  {
    name: 'a write is answered before it is committed',
    breaks: 'I4 lost write',
    scenario: 'queries',
    seed: 1,
    sabotage: { answersEarly: true },
  },
  {
    name: 'digests are compared all the time',
    breaks: 'I9 calm',
    scenario: 'plain',
    seed: 1,
    sabotage: instead((effect) =>
      effect.type === 'send' && effect.message.type === 'METADATA_DIGEST'
        ? Array.from({ length: 200 }, () => effect)
        : undefined,
    ),
  },
]

/** The first run of this scenario in which a planted fault shows, if one of the next seeds has it. */
export const findPlant = (
  simulate: Simulator,
  { scenario, seed, sabotage }: Pick<Plant, 'scenario' | 'seed' | 'sabotage'>,
): RunReport | undefined => {
  const play = SCENARIOS.get(scenario)
  if (play === undefined) return undefined
  for (let next = seed; next < seed + PLANT_SEEDS; next += 1) {
    const report = simulate(play, next, { sabotage })
    if (report.violation !== undefined) return report
  }
  return undefined
}
