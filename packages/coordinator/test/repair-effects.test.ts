import { describe, expect, test } from '@jest/globals'
import type { CoordinatorEvent } from '../src/core/events.js'
import type { ReplicaHost } from '../src/shell/components.js'
import { performRepair } from '../src/shell/repair-effects.js'

const EFFECT = { type: 'dialReplica', name: 'app_users', repairId: 'r', host: 'h', raftPort: 7_001 } as const

/** What comes of a newcomer's dial, with the log of the local replica shortened in this way. */
const dial = (shortenLog: (name: string) => Promise<void>): Promise<CoordinatorEvent> =>
  new Promise((resolve) => {
    const host: Partial<ReplicaHost> = { dial: async () => true, shortenLog }
    performRepair(EFFECT, host as ReplicaHost, resolve)
  })

const REACHED = { type: 'replicaDialled', name: 'app_users', repairId: 'r', reached: true }

describe('before a newcomer joins', () => {
  test('the log is shortened, and only then it is said to be reached', async () => {
    const happened: string[] = []
    const event = await dial(async (name) => {
      await new Promise((resolve) => setImmediate(resolve))
      happened.push(name)
    })
    expect(event).toEqual(REACHED)
    expect(happened).toEqual(['app_users'])
  })

  test('a log that cannot be shortened keeps nobody from joining', async () => {
    expect(await dial(() => Promise.reject(new Error('no room')))).toEqual(REACHED)
  })
})
