import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  DEFAULT_RESTART_POLICY,
  INITIAL_SUPERVISOR_STATE,
  type SupervisorEffect,
  type SupervisorEvent,
  type SupervisorState,
  stepSupervisor,
} from '../src/process/supervisor-machine.js'

const policy = DEFAULT_RESTART_POLICY

/** What a launch may come to, and what the world may do, as the shell would report it. */
interface World {
  state: SupervisorState
  /** Incarnations whose launch has not answered yet. */
  launching: number[]
  /** Incarnations with a live process. */
  live: number[]
  timer: boolean
  nowMs: number
}

type Act =
  | 'start'
  | 'stop'
  | 'detach'
  | 'launched'
  | 'launchFailed'
  | 'launchRefused'
  | 'ready'
  | 'exited'
  | 'timer'
  | 'late'
  | 'wait'
const ACTS: readonly Act[] = [
  'start',
  'stop',
  'detach',
  'launched',
  'launchFailed',
  'launchRefused',
  'ready',
  'exited',
  'timer',
  'late',
  'wait',
]

const newWorld = (): World => ({ state: INITIAL_SUPERVISOR_STATE, launching: [], live: [], timer: false, nowMs: 0 })

const feed = (world: World, event: SupervisorEvent): readonly SupervisorEffect[] => {
  const { state, effects } = stepSupervisor(world.state, event, policy, world.nowMs)
  world.state = state
  for (const effect of effects) {
    if (effect.type === 'launch') world.launching.push(effect.incarnation)
    if (effect.type === 'armGrace' || effect.type === 'armBackoff') world.timer = true
    if (effect.type === 'cancelTimer') world.timer = false
  }
  return effects
}

const perform = (world: World, act: Act): void => {
  switch (act) {
    case 'start':
      return void feed(world, { type: 'startRequested' })
    case 'stop':
      return void feed(world, { type: 'stopRequested' })
    case 'detach':
      return void feed(world, { type: 'detachRequested' })
    case 'launched':
    case 'launchFailed':
    case 'launchRefused': {
      const incarnation = world.launching.shift()
      if (incarnation === undefined) return
      if (act === 'launched') world.live.push(incarnation)
      return void feed(world, { type: act, incarnation })
    }
    case 'ready':
    case 'exited': {
      const [incarnation] = world.live
      if (incarnation === undefined) return
      if (act === 'exited') world.live.shift()
      return void feed(world, { type: act === 'ready' ? 'becameReady' : 'exited', incarnation })
    }
    case 'timer':
      if (!world.timer) return
      world.timer = false
      return void feed(world, { type: 'timerElapsed' })
    case 'late':
      return void feed(world, { type: 'exited', incarnation: world.state.incarnation - 1 })
    case 'wait':
      world.nowMs += 15_000
  }
}

/** Lets the world run on without new wishes until nothing more can happen. */
const settle = (world: World): void => {
  for (let step = 0; step < 50; step += 1) {
    if (world.launching.length > 0) perform(world, 'launched')
    else if (['stopping', 'killing'].includes(world.state.phase) && world.live.length > 0) perform(world, 'exited')
    else if (world.state.phase === 'starting') perform(world, 'ready')
    else if (world.timer && world.state.phase === 'backoff') perform(world, 'timer')
    else return
  }
}

const acts = fc.array(fc.constantFrom(...ACTS), { maxLength: 60 })

describe('the supervisor', () => {
  test('never has two live or starting processes, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(acts, (sequence) => {
        const world = newWorld()
        for (const act of sequence) {
          perform(world, act)
          expect(world.live.length + world.launching.length).toBeLessThanOrEqual(1)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('obeys the last wish once the world comes to rest', () => {
    fc.assert(
      fc.property(acts, fc.boolean(), (sequence, run) => {
        const world = newWorld()
        for (const act of sequence.filter((act) => act !== 'detach')) perform(world, act)
        perform(world, run ? 'start' : 'stop')
        settle(world)
        expect(world.live).toHaveLength(run ? 1 : 0)
        expect(world.state.phase).toBe(run ? 'ready' : 'stopped')
      }),
      { numRuns: 2_000 },
    )
  })

  test('touches nothing once it is detached', () => {
    fc.assert(
      fc.property(acts, acts, (before, after) => {
        const world = newWorld()
        for (const act of before) perform(world, act)
        feed(world, { type: 'detachRequested' })
        for (const type of ['startRequested', 'stopRequested', 'timerElapsed', 'detachRequested'] as const) {
          expect(feed(world, { type })).toEqual([])
        }
        const { incarnation } = world.state
        for (const type of ['launched', 'launchFailed', 'launchRefused', 'becameReady', 'exited'] as const) {
          expect(feed(world, { type, incarnation })).toEqual([])
        }
        for (const act of after) perform(world, act)
        expect(world.state.phase).toBe('detached')
      }),
    )
  })

  test('waits twice as long after each quick end, up to its bound, and gives up after the stated number', () => {
    const world = newWorld()
    const waits: number[] = []
    feed(world, { type: 'startRequested' })
    while (world.state.phase !== 'failed') {
      const { incarnation } = world.state
      feed(world, { type: 'launched', incarnation })
      const effects = feed(world, { type: 'exited', incarnation })
      for (const effect of effects) if (effect.type === 'armBackoff') waits.push(effect.delayMs)
      if (world.state.phase === 'backoff') feed(world, { type: 'timerElapsed' })
    }
    expect(waits).toEqual([100, 200, 400, 800])
    expect(world.state.incarnation).toBe(policy.maxQuickFailures)
  })

  test('forgives earlier ends to one that ran long enough', () => {
    const world = newWorld()
    feed(world, { type: 'startRequested' })
    for (let life = 0; life < 20; life += 1) {
      const { incarnation } = world.state
      feed(world, { type: 'launched', incarnation })
      feed(world, { type: 'becameReady', incarnation })
      world.nowMs += policy.stableMs
      const effects = feed(world, { type: 'exited', incarnation })
      expect(effects).toEqual([{ type: 'armBackoff', delayMs: policy.baseMs }])
      feed(world, { type: 'timerElapsed' })
    }
  })

  test('kills again and again one that outlives its grace', () => {
    const world = newWorld()
    feed(world, { type: 'startRequested' })
    feed(world, { type: 'launched', incarnation: 1 })
    const types = (event: SupervisorEvent): readonly string[] => feed(world, event).map(({ type }) => type)
    expect(types({ type: 'stopRequested' })).toEqual(['terminate', 'armGrace'])
    expect(types({ type: 'timerElapsed' })).toEqual(['kill', 'armGrace'])
    expect(types({ type: 'timerElapsed' })).toEqual(['kill', 'armGrace'])
    expect(types({ type: 'exited', incarnation: 1 })).toEqual(['cancelTimer'])
    expect(world.state.phase).toBe('stopped')
  })
})
