import type { Logger } from '@dbcluster/protocol'
import { expect, test } from '@jest/globals'
import type { CoordinatorEffect } from '../src/core/events.js'
import type { CoordinatorComponents } from '../src/shell/components.js'
import { EffectPerformer } from '../src/shell/effects.js'

const log = (message: string): CoordinatorEffect => ({ type: 'log', level: 'debug', message, fields: {} })
const persist: CoordinatorEffect = { type: 'persist', writes: [{ key: 'k', value: 1 }] }

/** A performer over a store that writes at once, and what it did, in order. */
const makePerformer = (onLog: (message: string) => void = () => undefined) => {
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
  const components = { store, logger, messenger: { peerId: 'self' } } as unknown as CoordinatorComponents
  const sinks = {
    dispatch: () => undefined,
    answer: () => undefined,
    answerKey: () => undefined,
    answerOperator: () => undefined,
    observe: () => undefined,
    storeFailed: () => undefined,
  }
  return { performer: new EffectPerformer(components, sinks), done }
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
