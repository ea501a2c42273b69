import { describe, expect, test } from '@jest/globals'
import { Random } from '../src/random.js'
import { Schedule } from '../src/schedule.js'

describe('virtual time', () => {
  test('runs what is due first, and what is due together in the order it was asked for', () => {
    const random = new Random(11)
    const schedule = new Schedule()
    const expected = Array.from({ length: 500 }, (_, index) => ({ atMs: random.integer(0, 60), index }))
    const ran: number[] = []
    for (const { atMs, index } of expected) schedule.after(atMs, () => ran.push(index))
    while (schedule.step(1_000));
    const inOrder = [...expected].sort((a, b) => a.atMs - b.atMs || a.index - b.index)
    expect(ran).toEqual(inOrder.map(({ index }) => index))
    expect(schedule.nowMs).toBe(1_000)
  })

  test('does not run what was called off, nor what is due later than asked', () => {
    const schedule = new Schedule()
    const ran: string[] = []
    const cancel = schedule.after(1, () => ran.push('called off'))
    schedule.after(2, () => ran.push('due'))
    schedule.after(20, () => ran.push('later'))
    cancel()
    while (schedule.step(10));
    expect(ran).toEqual(['due'])
  })
})

describe('chance from a seed', () => {
  test('is the same each time, and different for another seed', () => {
    const draw = (seed: number): number[] => {
      const random = new Random(seed)
      return Array.from({ length: 20 }, () => random.next())
    }
    expect(draw(1)).toEqual(draw(1))
    expect(draw(1)).not.toEqual(draw(2))
    expect(draw(3).every((value) => value >= 0 && value < 1)).toBe(true)
  })
})
