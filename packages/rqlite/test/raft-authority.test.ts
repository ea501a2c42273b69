import { createPrivateKey, X509Certificate } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { createReplicaSecurity } from '../src/index.js'
import { raftServerName } from '../src/security/raft-authority.js'
import { testSecurity } from './support/test-security.js'

const DAY_MS = 24 * 3_600_000
const NOW_MS = Date.parse('2026-03-01T00:00:00Z')
const make = (keys: readonly string[], recovery = 0) =>
  testSecurity(...keys).certificates({ clusterId: 'c'.repeat(32), recovery }, NOW_MS, 10 * DAY_MS)
const authoritiesOf = (pem: string): readonly X509Certificate[] =>
  pem.split(/(?<=-----END CERTIFICATE-----\n)/).map((text) => new X509Certificate(text))

describe('certificates of a replica', () => {
  test('are for both ends of a connection, under the name that peers check, with their own key', () => {
    const { certificate, privateKey } = make(['k'])
    const parsed = new X509Certificate(certificate)
    expect(parsed.ca).toBe(false)
    const name = raftServerName({ clusterId: 'c'.repeat(32) })
    expect(parsed.checkHost(name)).toBe(name)
    expect(parsed.checkHost(raftServerName({ clusterId: 'd'.repeat(32) }))).toBeUndefined()
    expect(parsed.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
    expect(parsed.checkPrivateKey(createPrivateKey(privateKey))).toBe(true)
    expect(Date.parse(parsed.validTo)).toBe(NOW_MS + 10 * DAY_MS)
    expect(Date.parse(parsed.validFrom)).toBe(NOW_MS - 30 * DAY_MS)
  })

  test('are of another name once the database was recovered: the histories keep apart', () => {
    const [before, after] = [make(['k']), make(['k'], 1)].map(({ certificate }) => new X509Certificate(certificate))
    const name = raftServerName({ clusterId: 'c'.repeat(32), recovery: 1 })
    expect(after?.checkHost(name)).toBe(name)
    expect(before?.checkHost(name)).toBeUndefined()
    expect(after?.checkHost(raftServerName({ clusterId: 'c'.repeat(32) }))).toBeUndefined()
  })

  test('are accepted by any node with the same key, though each makes the authority for itself', () => {
    const [here, there] = [make(['k']), make(['k'])]
    const [authority] = authoritiesOf(there.authorities)
    if (authority === undefined) throw new Error('no authority')
    const certificate = new X509Certificate(here.certificate)
    expect(authority.ca).toBe(true)
    expect(authority.verify(authority.publicKey)).toBe(true)
    expect(certificate.checkIssued(authority)).toBe(true)
    expect(certificate.verify(authority.publicKey)).toBe(true)
    expect(here.privateKey).not.toBe(there.privateKey)
    expect(certificate.serialNumber).not.toBe(new X509Certificate(there.certificate).serialNumber)
  })

  test('are not accepted by nodes with another key', () => {
    const certificate = new X509Certificate(make(['k']).certificate)
    for (const authority of authoritiesOf(make(['other']).authorities)) {
      expect(certificate.checkIssued(authority)).toBe(false)
      expect(certificate.verify(authority.publicKey)).toBe(false)
    }
  })

  test('while a key is exchanged: signed with the one in use, the authorities of all accepted', () => {
    const authorities = authoritiesOf(make(['new', 'old']).authorities)
    expect(authorities).toHaveLength(2)
    const issuedBy = (keys: readonly string[]): readonly boolean[] =>
      authorities.map((authority) => new X509Certificate(make(keys).certificate).checkIssued(authority))
    expect(issuedBy(['new', 'old'])).toEqual([true, false])
    expect(issuedBy(['old', 'new'])).toEqual([false, true])
  })
})

describe('credentials of a database', () => {
  test('follow from the key and the cluster id, and the name tells nothing of the password', () => {
    const [mine] = testSecurity('k').credentials('a'.repeat(32))
    expect(testSecurity('k').credentials('a'.repeat(32))).toEqual([mine])
    const others = [testSecurity('k').credentials('b'.repeat(32))[0], testSecurity('l').credentials('a'.repeat(32))[0]]
    for (const other of others) {
      expect(other.username).not.toBe(mine.username)
      expect(other.password).not.toBe(mine.password)
    }
    expect(mine.username).toMatch(/^key-[0-9a-f]{16}$/)
    expect(mine.password).toMatch(/^[\w-]{43}$/)
  })

  test('are not made without a key', () => {
    expect(() => createReplicaSecurity({ derive: () => [] })).toThrow(expect.objectContaining({ code: 'INTERNAL' }))
  })
})
