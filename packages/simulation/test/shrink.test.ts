import { describe, expect, test } from '@jest/globals'
import { formatCuts, parseCuts } from '../src/plan.js'
import { PLANTS } from '../src/plants.js'
import { createSimulator, SCENARIOS } from '../src/run.js'
import { shrink } from '../src/shrink.js'

describe('cuts', () => {
  test('are read as they are written', () => {
    const text = 'fault:1,3-5 query:2'
    expect(formatCuts(parseCuts(text))).toBe(text)
    expect(formatCuts(parseCuts(''))).toBe('')
  })

  test('that make no sense are refused', () => {
    expect(() => parseCuts('moon:1')).toThrow(RangeError)
    expect(() => parseCuts('fault:x')).toThrow(RangeError)
  })
})

describe('a finding', () => {
  test('shrinks to less that breaks the same promise, and is found again from what is printed', () => {
    const plant = PLANTS.find(({ breaks }) => breaks === 'I2 convergence')
    const scenario = SCENARIOS.get(plant?.scenario ?? '')
    if (plant === undefined || scenario === undefined) throw new Error('there is no such plant')
    const plain = createSimulator()
    const simulate: typeof plain = (of, seed, options) => plain(of, seed, { ...options, sabotage: plant.sabotage })
    let seed = plant.seed
    while (simulate(scenario, seed).violation === undefined) seed += 1
    const found = simulate(scenario, seed)
    const { report, cuts, nodes } = shrink(simulate, scenario, found)
    const cutCount = cuts.fault.size + cuts.wish.size + cuts.query.size
    expect(cutCount).toBeGreaterThan(found.counts.wish / 2)
    expect(report.violation?.split(':')[0]).toBe(found.violation?.split(':')[0])
    const again = { cuts: parseCuts(formatCuts(cuts)), ...(nodes === undefined ? {} : { nodes }) }
    expect(simulate(scenario, seed, again).violation).toBe(report.violation)
  })
})
