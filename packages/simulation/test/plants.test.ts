import { describe, expect, test } from '@jest/globals'
import { findPlant, PLANTS } from '../src/plants.js'
import { createSimulator } from '../src/run.js'

const simulate = createSimulator()

describe('a fault that is planted on purpose is found:', () => {
  for (const plant of PLANTS) {
    test(plant.name, () => {
      const { violation = 'none' } = findPlant(simulate, plant) ?? {}
      expect(violation.slice(0, plant.breaks.length)).toBe(plant.breaks)
    })
  }

  test('one or more for each of the invariants that a run can break', () => {
    const broken = PLANTS.map(({ breaks }) => breaks)
    for (const invariant of ['I1 ', 'I2 ', 'I3 ', 'I4 ', 'I5 ', 'I6 ', 'I7 ', 'I8 ', 'I9 '])
      expect(broken.some((breaks) => breaks.startsWith(invariant))).toBe(true)
  })
})
