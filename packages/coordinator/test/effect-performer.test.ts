import { DbClusterError, type Logger } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import type { CoordinatorEffect, CoordinatorEvent } from '../src/core/events.js'
import type { CoordinatorComponents } from '../src/shell/components.js'
import { EffectPerformer } from '../src/shell/effects.js'
import { decreeOf } from './support/decrees.js'

const log = (message: string): CoordinatorEffect => ({ type: 'log', level: 'debug', message, fields: {} })
const persist: CoordinatorEffect = { type: 'persist', writes: [{ key: 'k', value: 1 }] }

const silent: Logger = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  child: () => silent,
}

/** A performer over a store that writes at once, and what it did, in order. */
const makePerformer = (
  onLog: (message: string) => void = () => undefined,
  over: Partial<CoordinatorComponents> = {},
) => {
  const done: string[] = []
  const note = (message: string): void => {
    done.push(message)
    onLog(message)
  }
  const logger: Logger = { error: note, warn: note, info: note, debug: note, child: () => logger }
  const store = {
    entries: async () => [],
    write: async () => void done.push('written'),
  }
  const components = { store, logger, messenger: { peerId: 'self' }, ...over } as unknown as CoordinatorComponents
  const events: CoordinatorEvent[] = []
  const sinks = {
    dispatch: (event: CoordinatorEvent) => void events.push(event),
    answer: () => undefined,
    answerKey: () => undefined,
    answerOperator: () => undefined,
    observe: () => undefined,
    storeFailed: () => undefined,
  }
  return { performer: new EffectPerformer(components, sinks), done, events }
}

test.each([
  ['after a write', [persist, log('first')]],
  ['without one', [log('first')]],
])('effects that come in the moment in which a round ends are performed too, %s', async (_how, effects) => {
  const { performer, done } = makePerformer((message) => {
    if (message === 'first') queueMicrotask(() => performer.perform([log('second')]))
  })
  performer.perform(effects)
  await new Promise((resolve) => setImmediate(resolve))
  expect(done.filter((one) => one !== 'written')).toEqual(['first', 'second'])
})

test('what an effect brings about comes after the rest of its round', async () => {
  const { performer, done } = makePerformer((message) => {
    if (message === 'first') performer.perform([persist, log('third')])
  })
  performer.perform([log('first'), log('second')])
  await new Promise((resolve) => setImmediate(resolve))
  expect(done).toEqual(['first', 'second', 'written', 'third'])
})

test('closing performs what is queued, and nothing that comes later', async () => {
  const { performer, done } = makePerformer()
  performer.perform([persist, log('before')])
  await performer.close()
  performer.perform([log('after')])
  await new Promise((resolve) => setImmediate(resolve))
  expect(done).toEqual(['written', 'before'])
})

describe('a removal that fails', () => {
  const removal: CoordinatorEffect = { type: 'removeReplica', name: 'app_users', clusterId: 'c', reason: 'deleted' }
  const full = Object.assign(new Error('ENOSPC: no space left on device, mkdir'), { code: 'ENOSPC' })

  /** A host whose removals fail so often, and a clock that jumps to each call that it is asked for. */
  const makeRemover = (failures: number) => {
    const pauses: number[] = []
    let [nowMs, tries] = [0, 0]
    let next: (() => void) | undefined
    const over = {
      replicas: {
        remove: async () => {
          tries += 1
          if (tries <= failures) throw full
        },
      },
      clock: {
        nowMs: () => nowMs,
        callAfter: (delayMs: number, callback: () => void) => {
          pauses.push(delayMs)
          next = () => {
            nowMs += delayMs
            callback()
          }
          return () => {
            next = undefined
          }
        },
      },
    } as unknown as Partial<CoordinatorComponents>
    const warned: string[] = []
    const made = makePerformer(() => undefined, {
      ...over,
      logger: { ...silent, warn: (message) => void warned.push(message) },
    })
    const passes = async (): Promise<boolean> => {
      await new Promise((resolve) => setImmediate(resolve))
      const due = next
      next = undefined
      due?.()
      await new Promise((resolve) => setImmediate(resolve))
      return due !== undefined
    }
    return { ...made, pauses, warned, passes, tries: () => tries }
  }

  test('is tried again after a growing pause until it is done, and said to be done once', async () => {
    const { performer, events, pauses, warned, passes, tries } = makeRemover(9)
    performer.perform([removal])
    while (await passes()) expect(events.length).toBe(tries() > 9 ? 1 : 0)
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
    expect(events).toEqual([{ type: 'replicaRemoved', name: 'app_users', clusterId: 'c' }])
    expect(warned).toEqual(['A replica could not be removed, and is tried again'])
  })

  test('for long is said again every ten minutes', async () => {
    const { performer, warned, passes } = makeRemover(26)
    performer.perform([removal])
    while (await passes());
    expect(warned).toHaveLength(3)
  })

  test('is not tried again once the coordinator is closed', async () => {
    const { performer, events, passes, tries } = makeRemover(9)
    performer.perform([removal])
    await passes()
    await performer.close()
    expect([await passes(), tries(), events]).toEqual([false, 2, []])
  })
})

describe('an effect that fails', () => {
  const decree = decreeOf(12)
  const assignment = { peerId: 'self', raftId: 'r', host: 'h', httpPort: 5_001, raftPort: 7_001 }
  const start = (name: string): CoordinatorEffect => ({
    type: 'startReplica',
    ...{ name, decree, assignment, start: { kind: 'restart' } },
  })
  const confirm = (name: string): CoordinatorEffect => ({ type: 'confirmPorts', leaseKey: `${name}/1`, name })

  const makeStarter = (broken: 'ports' | 'host') => {
    const started: string[] = []
    const ports = {
      confirm: (_: string, name: string) => {
        if (broken === 'ports' && name === 'app_a')
          throw new DbClusterError('CONFLICT', 'the port lease of app_a/1 ended before it was confirmed')
      },
    }
    const replicas = {
      start: ({ name }: { name: string }) => {
        if (broken === 'host' && name === 'app_a') throw new Error('no such host')
        started.push(name)
      },
    }
    return { ...makePerformer(() => undefined, { ports, replicas } as never), started }
  }

  test.each([
    ['ports', 'the port lease of app_a/1 ended before it was confirmed'],
    ['host', 'no such host'],
  ] as const)('for want of its %s has its replica fail, and the others of its round start', async (broken, error) => {
    const { performer, events, started } = makeStarter(broken)
    performer.perform([persist, confirm('app_a'), start('app_a'), confirm('app_b'), start('app_b'), log('last')])
    await performer.close()
    expect(started).toEqual(['app_b'])
    expect(events).toEqual([
      { type: 'replicaFailed', name: 'app_a', clusterId: decree.clusterId, error: expect.stringContaining(error) },
    ])
  })

  test('is no reason not to start it on the ports of another round', async () => {
    const { performer, started } = makeStarter('ports')
    performer.perform([persist, confirm('app_a'), start('app_a')])
    await new Promise((resolve) => setImmediate(resolve))
    performer.perform([start('app_a')])
    await performer.close()
    expect(started).toEqual(['app_a'])
  })

  test('is logged, whichever it is, and those after it are performed', async () => {
    const { performer, done } = makePerformer(() => undefined, {
      gates: {
        close: () => {
          throw new Error('no such gate')
        },
      },
    } as never)
    performer.perform([log('first'), { type: 'closeGate', name: 'app_a' }, log('second')])
    await performer.close()
    expect(done).toEqual(['first', 'An effect failed', 'second'])
  })
})
