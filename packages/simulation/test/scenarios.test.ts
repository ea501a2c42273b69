import { describe, expect, test } from '@jest/globals'
import { createSimulator, replayCommand, SCENARIOS } from '../src/index.js'

/** Runs of each scenario, always the same ones: a red test here is red everywhere. */
const SEEDS_PER_SCENARIO = 40

const simulate = createSimulator()

describe('what the design promises holds in every run of', () => {
  for (const scenario of SCENARIOS.values()) {
    test(`${scenario.name}: ${scenario.about}`, () => {
      for (let seed = 1; seed <= SEEDS_PER_SCENARIO; seed += 1) {
        const { violation } = simulate(scenario, seed)
        const finding = violation === undefined ? 'none' : `${violation}\n${replayCommand(scenario.name, seed)}`
        expect(finding).toBe('none')
      }
    })
  }
})

describe('a run', () => {
  test('depends on nothing but its seed', () => {
    const scenario = SCENARIOS.get('mayhem')
    if (scenario === undefined) throw new Error('there is no mayhem')
    const traceOf = (seed: number): string[] => {
      const lines: string[] = []
      simulate(scenario, seed, { trace: (line) => lines.push(line) })
      return lines
    }
    expect(traceOf(7)).toEqual(traceOf(7))
    expect(traceOf(7)).not.toEqual(traceOf(8))
  })
})
