import { describe, expect, test } from '@jest/globals'
import { LIFE_TABLE, type LifeInput, type LifePhase } from '../src/core/life/life.js'

const PHASES = Object.keys(LIFE_TABLE) as LifePhase[]
const from = (input: LifeInput, phase: LifePhase): LifePhase => LIFE_TABLE[phase][input]

describe('the phases of a replica', () => {
  test('a replica stops only after it promised, and sleeps only after it stopped', () => {
    expect(PHASES.filter((phase) => from('commitSeen', phase) === 'stopping')).toEqual(['promised', 'stopping'])
    expect(PHASES.filter((phase) => from('processStopped', phase) === 'asleep')).toEqual(['stopping', 'asleep'])
  })

  test('a later run leads to awake from everywhere, and no phase but stopping puts it off', () => {
    const ways = PHASES.map((phase) => [phase, from('runWanted', phase)])
    expect(Object.fromEntries(ways)).toEqual({
      awake: 'awake',
      promised: 'awake',
      stopping: 'stopping',
      asleep: 'waking',
      waking: 'waking',
    })
    expect(from('replicaReady', 'waking')).toBe('awake')
  })
})
