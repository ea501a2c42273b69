import { describe, expect, test } from '@jest/globals'
import { ModelLab } from '../src/compliance/model-lab.js'
import { RAFT_BEHAVIOURS } from '../src/compliance/raft-behaviours.js'

/** Chance decides who leads and what overtakes what: the same must hold each time. */
const SEEDS = 25

describe("rqlite's model", () => {
  for (const { name, play, isHazard = false } of RAFT_BEHAVIOURS) {
    test(name, async () => {
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const lab = new ModelLab(seed)
        await play(lab).catch((error: unknown) => {
          throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
        })
        if (isHazard) expect(lab.broken).not.toEqual([])
        else expect(lab.broken).toEqual([])
      }
    })
  }
})
