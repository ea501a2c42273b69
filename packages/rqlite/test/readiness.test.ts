import { describe, expect, test } from '@jest/globals'
import type { RqliteClient } from '../src/client/rqlite-client.js'
import { waitUntilReady } from '../src/process/readiness.js'

/** What `/readyz` answers, in turn; the last for ever. */
const clientOf = (answers: readonly boolean[]): { client: RqliteClient; looks: () => number } => {
  let looks = 0
  const ready = async (): Promise<boolean> => {
    looks += 1
    return answers[Math.min(looks, answers.length) - 1] ?? false
  }
  return { client: { ready, readThroughRaft: async () => undefined } as unknown as RqliteClient, looks: () => looks }
}

describe('a replica is ready', () => {
  test('once it is seen to be', async () => {
    const { client, looks } = clientOf([false, true, false])
    expect(await waitUntilReady(client, new AbortController().signal)).toBe(true)
    expect(looks()).toBe(2)
  })

  test('where it joins, once it has been for longer than it takes to ask again', async () => {
    const { client, looks } = clientOf([true, false, true])
    const startedMs = performance.now()
    expect(await waitUntilReady(client, new AbortController().signal, { joinIntervalMs: 50 })).toBe(true)
    expect(looks()).toBe(3)
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(100)
  })

  test('never, when nobody waits any more', async () => {
    const { client } = clientOf([true])
    expect(await waitUntilReady(client, AbortSignal.abort(), { joinIntervalMs: 50 })).toBe(false)
  })
})
