import { describeRqlited, findRqlited, type RqliteBinary } from '@dbcluster/rqlite'
import { afterEach, beforeAll, describe, test } from '@jest/globals'
import { RAFT_BEHAVIOURS } from '../src/compliance/raft-behaviours.js'
import { RqlitedLab } from './support/rqlited-lab.js'

describe('rqlited', () => {
  let binary: RqliteBinary
  let lab: RqlitedLab | undefined

  beforeAll(async () => {
    binary = await describeRqlited(await findRqlited({ configuredPath: process.env.DBCLUSTER_RQLITED }))
  })

  afterEach(async () => {
    await lab?.dispose()
    lab = undefined
  })

  for (const { name, play } of RAFT_BEHAVIOURS) {
    test(name, async () => {
      lab = await RqlitedLab.create(binary)
      await play(lab)
    })
  }
})
