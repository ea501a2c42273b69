import { createPrivateKey, X509Certificate } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { makeRaftCertificates, RAFT_SERVER_NAME } from '../src/security/raft-certificates.js'
import { replicaCredentials } from '../src/security/replica-credentials.js'
import { testSecrets } from './support/test-secrets.js'

const DAY_MS = 24 * 3_600_000
const NOW_MS = Date.parse('2026-03-01T00:00:00Z')
const make = (keys: readonly string[], clusterId = 'c'.repeat(32)) =>
  makeRaftCertificates(testSecrets(...keys), { clusterId, nowMs: NOW_MS, lifetimeMs: 10 * DAY_MS })
const authoritiesOf = (pem: string): readonly X509Certificate[] =>
  pem.split(/(?<=-----END CERTIFICATE-----\n)/).map((text) => new X509Certificate(text))

describe('certificates of a replica', () => {
  test('are for both ends of a connection, under the name that peers check, with their own key', () => {
    const { certificate, privateKey } = make(['k'])
    const parsed = new X509Certificate(certificate)
    expect(parsed.ca).toBe(false)
    expect(parsed.checkHost(RAFT_SERVER_NAME)).toBe(RAFT_SERVER_NAME)
    expect(parsed.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
    expect(parsed.checkPrivateKey(createPrivateKey(privateKey))).toBe(true)
    expect(Date.parse(parsed.validTo)).toBe(NOW_MS + 10 * DAY_MS)
    expect(Date.parse(parsed.validFrom)).toBe(NOW_MS - 30 * DAY_MS)
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

  test.each([
    ['another key', make(['other'])],
    ['another database', make(['k'], 'd'.repeat(32))],
  ])('are not accepted under %s', (_what, { authorities }) => {
    const certificate = new X509Certificate(make(['k']).certificate)
    for (const authority of authoritiesOf(authorities)) {
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
    const [mine] = replicaCredentials(testSecrets('k'), 'a'.repeat(32))
    expect(replicaCredentials(testSecrets('k'), 'a'.repeat(32))).toEqual([mine])
    const others = [
      replicaCredentials(testSecrets('k'), 'b'.repeat(32))[0],
      replicaCredentials(testSecrets('l'), 'a'.repeat(32))[0],
    ]
    for (const other of others) {
      expect(other.username).not.toBe(mine.username)
      expect(other.password).not.toBe(mine.password)
    }
    expect(mine.username).toMatch(/^key-[0-9a-f]{16}$/)
    expect(mine.password).toMatch(/^[\w-]{43}$/)
  })

  test('are refused to be made without a key', () => {
    expect(() => replicaCredentials({ derive: () => [] }, 'a')).toThrow(expect.objectContaining({ code: 'INTERNAL' }))
  })
})
