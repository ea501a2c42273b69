import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { hostAndPort, type ReplicaProcess, type ReplicaSpec, type RqliteBinary } from '../src/index.js'
import { raftServerName } from '../src/security/raft-authority.js'
import { basicAuthorization } from '../src/security/replica-credential.js'
import { eventually } from './support/eventually.js'
import { createReplicaBench, type Replica, type ReplicaBench } from './support/replica-bench.js'
import { binaryUnderTest } from './support/rqlited.js'
import { askAsNode, ENDPOINTS, knock, NODE_REQUESTS } from './support/stranger.js'
import { testSecurity } from './support/test-security.js'

let binary: RqliteBinary
let bench: ReplicaBench
let replicas: readonly [Replica, Replica, Replica]

beforeAll(async () => {
  binary = await binaryUnderTest()
  bench = await createReplicaBench(binary)
  replicas = await bench.cluster()
}, 30_000)
afterAll(() => bench?.dispose())

const [credential] = testSecurity('key').credentials('c'.repeat(32))
const statusOf = async (port: number, method: string, path: string, authorization?: string): Promise<number> => {
  const body = method === 'POST' ? '["SELECT 1"]' : null
  const headers = authorization === undefined ? {} : { authorization }
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, body, headers, redirect: 'manual' })
  await response.arrayBuffer()
  return response.status
}

describe('the HTTP port of a replica', () => {
  test.each(ENDPOINTS)('answers a stranger 401: %s %s', async (method, path) => {
    const { httpPort } = replicas[0].spec
    const [foreign] = testSecurity('another').credentials('c'.repeat(32))
    const [neighbour] = testSecurity('key').credentials('d'.repeat(32))
    const wrong = basicAuthorization({ ...credential, password: foreign.password })
    const attempts = [undefined, basicAuthorization(foreign), basicAuthorization(neighbour), wrong, 'Basic Og==']
    const answers = await Promise.all(attempts.map((header) => statusOf(httpPort, method, path, header)))
    expect(answers).toEqual([401, 401, 401, 401, 401])
  })

  test('answers who has its credential', async () => {
    for (const { spec } of replicas) {
      expect(await statusOf(spec.httpPort, 'GET', '/status', basicAuthorization(credential))).toBe(200)
    }
  })

  test('is bound to the loopback address only', async () => {
    const { httpPort } = replicas[0].spec
    const listening = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/))
    const port = httpPort.toString(16).toUpperCase().padStart(4, '0')
    const addresses = listening
      .filter((line) => line[3] === '0A' && line[1]?.endsWith(`:${port}`))
      .map((line) => line[1])
    expect(addresses).toEqual([`0100007F:${port}`])
  })
})

describe('the Raft port of a replica', () => {
  const certificates = (...keys: readonly string[]) => {
    const made = testSecurity(...keys).certificates({ clusterId: 'c'.repeat(32) }, Date.now(), 3_600_000)
    return { cert: made.certificate, key: made.privateKey, ca: made.authorities }
  }

  test('refuses who speaks plainly or an old TLS', async () => {
    const { raftPort } = replicas[0].spec
    expect(await knock(raftPort, undefined)).toBe('refused')
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    expect(await knock(raftPort, old)).toBe('refused')
  })

  test('lets a member in, who can tell that it is one', async () => {
    const { raftPort } = replicas[0].spec
    const options = {
      ...certificates('key'),
      servername: raftServerName({ clusterId: 'c'.repeat(32) }),
      rejectUnauthorized: true,
    }
    expect(await knock(raftPort, options)).toBe('let in')
    expect(await knock(raftPort, { ...options, ...certificates('another') })).toBe('refused')
  })

  test.each(Object.entries(NODE_REQUESTS))('gives a certificate alone no answer to %s', async (_name, request) => {
    const { raftPort } = replicas[0].spec
    expect(await askAsNode(raftPort, request, certificates('key'))).toMatch(/unauthorized/)
  })

  // What such a client can do on a binary that lets it in all the same is in DESIGN.md.
  test('refuses who has no certificate of this database, if the binary checks that', async () => {
    const { raftPort } = replicas[0].spec
    const expected = binary.capabilities.checksRaftClients ? 'refused' : 'let in'
    expect(await knock(raftPort, {})).toBe(expected)
    const { cert, key } = certificates('another')
    expect(await knock(raftPort, { cert, key })).toBe(expected)
  })

  const outsiders: readonly (readonly [string, Partial<ReplicaSpec>])[] = [
    ['another cluster key', { security: testSecurity('another') }],
    ['another database', { clusterId: 'd'.repeat(32) }],
  ]
  test.each(outsiders)('admits no replica of %s', async (_what, over) => {
    const { raftHost, raftPort } = replicas[0].spec
    const start = { kind: 'join', addresses: [hostAndPort(raftHost, raftPort)] } as const
    const outsider = bench.create(await bench.spec(`outsider-${Math.random()}`, { start, ...over }))
    outsider.start()
    await eventually('it was refused', async () =>
      /unknown authority|bad certificate|certificate is valid for/.test(await outsider.lastOutput()),
    )
    await outsider.stop()
    const { voters } = await replicas[0].process.client.status()
    expect(voters.map(({ id }) => id).sort()).toEqual(['one', 'three', 'two'])
  })

  test('is not spoken to by members when another database has taken it', async () => {
    const [, , third] = replicas
    await third.process.stop()
    const thief = bench.create(await bench.spec('thief', { clusterId: 'd'.repeat(32), raftPort: third.spec.raftPort }))
    thief.start()
    await thief.ready(AbortSignal.timeout(10_000))
    await eventually('members tried', async () => {
      const nodes = await replicas[0].process.client.nodes()
      return nodes.some(({ id, reachable }) => id === 'three' && !reachable)
    })
    const { term, voters, isLeader } = await thief.client.status()
    expect({ voters: voters.map(({ id }) => id), isLeader }).toEqual({ voters: ['thief'], isLeader: true })
    const { results } = await thief.client.query([{ sql: 'SELECT count(*) FROM sqlite_schema' }])
    expect(results[0]?.rows).toEqual([[0]])
    await thief.stop()
    expect(term).toBeGreaterThan(0)
    third.process.start()
    await third.process.ready(AbortSignal.timeout(10_000))
  })
})

describe('secrets of a replica', () => {
  const text = async (path: string): Promise<string> => readFile(path, 'latin1')

  test('are in files for their owner alone, in directories for their owner alone', async () => {
    const { directory } = replicas[0].spec
    for (const path of [directory, join(directory, 'rqlite'), join(directory, 'security')]) {
      expect((await stat(path)).mode & 0o777).toBe(0o700)
    }
    const names = await readdir(join(directory, 'security'))
    expect(names.sort()).toEqual(['auth.json', 'ca.crt', 'node.crt', 'node.key'])
    for (const name of names) expect((await stat(join(directory, 'security', name))).mode & 0o777).toBe(0o600)
  })

  test('are in no arguments, no environment, no record and no log', async () => {
    for (const { spec, process } of replicas) {
      const { pid } = process.state
      const paths = [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`, 'process.json', 'member.json', 'rqlited.log']
      const privateKey = await text(join(spec.directory, 'security', 'node.key'))
      for (const path of paths) {
        const content = await text(path.startsWith('/') ? path : join(spec.directory, path))
        expect(content).not.toBe('')
        expect(content).not.toContain(credential.password)
        expect(content).not.toContain(privateKey.split('\n')[1])
      }
    }
  })

  test('close a directory that an earlier version left open', async () => {
    const spec = await bench.spec('open')
    await mkdir(join(spec.directory, 'rqlite'), { recursive: true, mode: 0o755 })
    const replica: ReplicaProcess = bench.create(spec)
    replica.start()
    await replica.ready(AbortSignal.timeout(10_000))
    for (const path of [spec.directory, join(spec.directory, 'rqlite')]) {
      expect((await stat(path)).mode & 0o777).toBe(0o700)
    }
    await replica.stop()
  })
})
