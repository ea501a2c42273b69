import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { StartQueue } from '../src/host/start-queue.js'
import { Turns } from '../src/host/turns.js'

const never = new AbortController().signal

/** A queue whose starts note when they go; `leave` ends the turn of one. */
const bench = (limit: number) => {
  let nowMs = 0
  const queue = new StartQueue(limit, () => nowMs)
  const went: string[] = []
  const leavers = new Map<string, () => void>()
  return {
    went,
    at: (ms: number) => {
      nowMs = ms
    },
    enter: (name: string, late = false, signal: AbortSignal = never) => {
      void queue.enter({ name, late }, signal).then((leave) => {
        if (leave === undefined) return void went.push(`not ${name}`)
        went.push(name)
        leavers.set(name, leave)
      })
    },
    leave: async (name: string) => {
      await turn()
      leavers.get(name)?.()
      await turn()
    },
  }
}

describe('starts that wait for their turn', () => {
  test('go a few at a time, those that came together by name, whatever came first', async () => {
    const { enter, leave, went } = bench(2)
    for (const name of ['d', 'c', 'b', 'a']) enter(name)
    await turn()
    expect(went).toEqual(['d', 'c'])
    await leave('d')
    await leave('c')
    expect(went).toEqual(['d', 'c', 'a', 'b'])
  })

  test('go after those that came well before them, even a last replica of its database', async () => {
    const { enter, leave, went, at } = bench(1)
    enter('first')
    enter('z', true)
    at(2_000)
    enter('a')
    await leave('first')
    await leave('z')
    expect(went).toEqual(['first', 'z', 'a'])
  })

  test('of replicas without which their databases have a majority go last', async () => {
    const { enter, leave, went } = bench(1)
    enter('first')
    enter('a', true)
    enter('z')
    await leave('first')
    await leave('z')
    expect(went).toEqual(['first', 'z', 'a'])
  })

  test('end their turn once, however often they say so', async () => {
    const { enter, leave, went } = bench(1)
    for (const name of ['a', 'b', 'c']) enter(name)
    await leave('a')
    await leave('a')
    expect(went).toEqual(['a', 'b'])
  })

  test('are not begun once they are called off, and are in nobody’s way', async () => {
    const { enter, leave, went } = bench(1)
    const off = new AbortController()
    enter('a')
    enter('b', false, off.signal)
    enter('c')
    off.abort()
    enter('d', false, off.signal)
    await leave('a')
    expect(went).toEqual(['a', 'not b', 'not d', 'c'])
  })
})

describe('what is done with one thing', () => {
  test('is done in order, and whoever others wait for is told, before and after its own turn came', async () => {
    const turns = new Turns()
    const done: string[] = []
    const work = (what: string) => async (superseded: AbortSignal) => {
      await turn()
      done.push(`${what}${superseded.aborted ? ' superseded' : ''}`)
    }
    await Promise.all(['a', 'b', 'c'].map((what) => turns.take('one', work(what))))
    expect(done).toEqual(['a superseded', 'b superseded', 'c'])
  })

  test('goes on after a failure, which its own caller hears of', async () => {
    const turns = new Turns()
    const failing = turns.take('one', () => Promise.reject(new Error('no')))
    await expect(Promise.all([failing, turns.take('one', () => Promise.resolve())])).rejects.toThrow('no')
    await expect(turns.take('one', () => Promise.resolve(7))).resolves.toBe(7)
  })

  test('waits for nothing that has another name, and all of it can be told to end', async () => {
    const turns = new Turns()
    const ended = ['a', 'b'].map((name) =>
      turns.take(
        name,
        (superseded) => new Promise((resolve) => superseded.addEventListener('abort', () => resolve(name))),
      ),
    )
    await turn()
    turns.supersedeAll()
    await expect(Promise.all(ended)).resolves.toEqual(['a', 'b'])
  })
})
