import { eventually, type TestCluster } from '@dbcluster/testkit'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { KeySetIssuer } from '../support/key-set-issuer.js'

/** A set is read again for an unknown key no more often than each 15 s. */
const NEW_KEY_LIMIT_MS = 40_000

/** Issuers whose keys nodes read from where they are published. */
export const describeKeySets = (
  of: () => TestCluster,
  issuers: () => { readonly byUrl: KeySetIssuer; readonly byFile: KeySetIssuer },
): void =>
  describe.each(['byUrl', 'byFile'] as const)('an issuer that publishes its keys, read %s', (source) => {
    const statusOf = async (token: string): Promise<number> =>
      (await of().http.request('/v1/database/list', { key: null, headers: { authorization: `Bearer ${token}` } }))
        .status
    const isTaken = async (node: number, credential: string): Promise<boolean> => {
      await of().ask(node, { op: 'list' }, { credential })
      return true
    }
    let before: string
    beforeAll(() => {
      before = issuers()[source].token()
    })

    test('is trusted by every node and through the gateway', async () => {
      for (const { index } of of().nodes) expect(await isTaken(index, before)).toBe(true)
      expect(await statusOf(before)).toBe(200)
      expect(await statusOf(`${before.slice(0, -8)}AAAAAAAA`)).toBe(401)
    })

    test('exchanges its key: tokens of the new one are taken without a restart, of the old one no more', async () => {
      const issuer = issuers()[source]
      // Never shown before: one that was looked at once is remembered until it expires.
      const late = issuer.token()
      issuer.rotate()
      const after = issuer.token()
      const startedMs = performance.now()
      for (const { index } of of().nodes) {
        await eventually(`node ${index} takes the new key`, () => isTaken(index, after), { limitMs: NEW_KEY_LIMIT_MS })
        await expect(isTaken(index, late)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
      }
      expect([await statusOf(after), await statusOf(late)]).toEqual([200, 401])
      process.stdout.write(`new key taken after ${((performance.now() - startedMs) / 1_000).toFixed(1)} s\n`)
    }, 60_000)
  })
