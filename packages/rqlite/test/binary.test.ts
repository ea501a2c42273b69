import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  describeFrom,
  describeRqlited,
  findRqlited,
  type ReplicaSpec,
  type RqliteBinary,
  replicaArguments,
} from '../src/index.js'
import { binaryUnderTest } from './support/rqlited.js'
import { testSecurity } from './support/test-security.js'

const help = (name: string): Promise<string> => readFile(new URL(`fixtures/${name}.txt`, import.meta.url), 'utf8')
const binary = async (version: string, helpName: string): Promise<RqliteBinary> =>
  describeFrom(
    { path: '/opt/rqlited', source: 'configured' },
    `rqlited ${version} linux amd64 go1.22.5`,
    await help(helpName),
  )

const spec: ReplicaSpec = {
  database: 'app_users',
  clusterId: 'c'.repeat(32),
  raftId: 'peer/1',
  directory: '/data/app_users',
  httpPort: 5001,
  raftHost: '10.0.0.1',
  raftPort: 7001,
  start: { kind: 'bootstrap' },
  timing: 'local',
  foreignKeys: true,
}

describe('what a binary can do', () => {
  test('the embedded build, which tells its major only, counts as the oldest of it', async () => {
    const { version, major, capabilities } = await binary('8', 'help-8.26')
    expect({ version, major }).toEqual({ version: '8', major: 8 })
    expect(capabilities).toEqual({
      heartbeatFlag: '-raft-timeout',
      hasShutdownStepdown: true,
      hasAutoOptimize: false,
      linearizable: false,
      blobParameters: 'inline',
      checksRaftClients: false,
      hexTextIsBlob: false,
      failedSnapshotLeavesHole: true,
      sqlBackupLeaderOnly: true,
    })
  })

  test.each([
    ['v8.26.7', 'help-8.26', '-raft-timeout', false, false, 'inline', false],
    ['v8.31.0', 'help-9.4', '-raft-timeout', true, false, 'array', true],
    ['v8.32.1', 'help-9.4', '-raft-timeout', true, false, 'array', true],
    ['v8.32.2', 'help-9.4', '-raft-timeout', true, true, 'array', true],
    ['v9.4.5', 'help-9.4', '-raft-timeout', true, true, 'array', true],
    ['v10.2.7', 'help-10.2', '-raft-heartbeat-timeout', true, true, 'array', true],
    // Silent about its minor, yet with a flag of 8.30: guarded against what 8.31 brought, trusted with nothing.
    ['8', 'help-9.4', '-raft-timeout', true, false, 'inline', true],
  ] as const)(
    '%s with the flags of %s',
    async (version, flags, heartbeatFlag, hasAutoOptimize, linearizable, blobParameters, hexTextIsBlob) => {
      expect((await binary(version, flags)).capabilities).toMatchObject({
        heartbeatFlag,
        hasAutoOptimize,
        linearizable,
        blobParameters,
        hexTextIsBlob,
      })
    },
  )

  test.each([
    ['8', false],
    ['v8.43.2', false],
    ['v8.43.3', true],
    ['v9.0.0', true],
    ['v10.2.7', true],
  ])('%s asks who connects to its Raft port: %s', async (version, checks) => {
    expect((await binary(version, 'help-9.4')).capabilities.checksRaftClients).toBe(checks)
  })

  test.each([['v7.21.4'], ['v11.0.0'], ['something else']])('%s is refused', async (version) => {
    await expect(binary(version, 'help-9.4')).rejects.toMatchObject({ code: 'RQLITED_REFUSED' })
  })

  test('the binary under test answers', async () => {
    const described = await binaryUnderTest()
    expect([8, 9, 10]).toContain(described.major)
  })

  test('a program that is no rqlited is refused', async () => {
    await expect(describeRqlited({ path: process.execPath, source: 'configured' })).rejects.toMatchObject({
      code: 'RQLITED_REFUSED',
    })
  })
})

describe('the command line', () => {
  test('of a bootstrap on 8', async () => {
    expect(replicaArguments(await binary('8', 'help-8.26'), spec, '/data/app_users/rqlite')).toEqual(
      '-node-id peer/1 -http-addr 127.0.0.1:5001 -raft-addr 10.0.0.1:7001 -raft-timeout 200ms -raft-election-timeout 200ms -raft-leader-lease-timeout 200ms -raft-snap 9007199254740992 -raft-snap-wal-size 0 -raft-shutdown-stepdown=true -fk=true /data/app_users/rqlite'.split(
        ' ',
      ),
    )
  })

  test('of a join on 10', async () => {
    const start = { kind: 'join', addresses: ['10.0.0.2:7002', '10.0.0.3:7003'] } as const
    const joining: ReplicaSpec = { ...spec, start, timing: 'lan', foreignKeys: false, shutdownStepdown: false }
    expect(replicaArguments(await binary('v10.2.7', 'help-10.2'), joining, '/data/app_users/rqlite')).toEqual(
      '-node-id peer/1 -http-addr 127.0.0.1:5001 -raft-addr 10.0.0.1:7001 -raft-heartbeat-timeout 1000ms -raft-election-timeout 1000ms -raft-leader-lease-timeout 500ms -auto-optimize-int 0 -raft-shutdown-stepdown=false -fk=false -join 10.0.0.2:7002,10.0.0.3:7003 -join-attempts 100 -join-interval 200ms /data/app_users/rqlite'.split(
        ' ',
      ),
    )
  })

  test('of a protected replica names files, and the user as whom it joins, but no secret', async () => {
    const security = testSecurity('key')
    const start = { kind: 'join', addresses: ['10.0.0.2:7002'] } as const
    const on9 = await binary('v9.4.5', 'help-9.4')
    const args = replicaArguments(on9, { ...spec, security, start }, '/data/app_users/rqlite')
    const [{ username, password }] = security.credentials(spec.clusterId)
    const at = '/data/app_users/security'
    expect(args.join(' ')).toContain(
      `-auth ${at}/auth.json -node-cert ${at}/node.crt -node-key ${at}/node.key -node-ca-cert ${at}/ca.crt -node-verify-server-name ${spec.clusterId}.dbcluster.internal -node-verify-client -join-as ${username} -join`,
    )
    expect(args.join(' ')).not.toContain(password)
  })

  test('of a restart has neither join nor bootstrap', async () => {
    const args = replicaArguments(await binary('v9.4.5', 'help-9.4'), { ...spec, start: { kind: 'restart' } }, '/d')
    expect(args.filter((arg) => /join|bootstrap/.test(arg))).toEqual([])
  })

  test.each([
    ['8', 'help-8.26'],
    ['v9.4.5', 'help-9.4'],
    ['v10.2.7', 'help-10.2'],
  ])('%s knows every flag it gets', async (version, name) => {
    const text = await help(name)
    const join = { kind: 'join', addresses: ['h:1'] } as const
    const protectedSpec = { ...spec, start: join, security: testSecurity('key') }
    const args = replicaArguments(await binary(version, name), protectedSpec, '/d')
    const flags = args.filter((arg) => arg.startsWith('-')).map((arg) => arg.split('=')[0])
    for (const flag of flags) expect(text).toMatch(new RegExp(`^  ${flag}\\b`, 'm'))
  })

  test.each<readonly [string, Partial<ReplicaSpec>]>([
    ['an id with a space', { raftId: 'a b' }],
    ['an id that looks like a flag', { raftId: '-h' }],
    ['no address to join', { start: { kind: 'join', addresses: [] } }],
    ['two addresses in one', { start: { kind: 'join', addresses: ['a:1,b:2'] } }],
    [
      'a lease beyond the heartbeat',
      { timing: { heartbeatMs: 100, electionMs: 100, leaderLeaseMs: 200, joinIntervalMs: 50, joinLimitMs: 1_000 } },
    ],
  ])('is refused for %s', async (_what, over) => {
    const on8 = await binary('8', 'help-8.26')
    expect(() => replicaArguments(on8, { ...spec, ...over }, '/d')).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })
})

describe('finding it', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dbcluster-find-'))
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  const put = async (): Promise<string> => {
    const path = join(directory, 'rqlited')
    await writeFile(path, '#!/bin/sh\n')
    await chmod(path, 0o755)
    return path
  }

  test('takes the configured one before PATH, PATH before the embedded one', async () => {
    const path = await put()
    expect(await findRqlited({ configuredPath: path, pathEnv: '/nowhere' })).toEqual({ path, source: 'configured' })
    expect(await findRqlited({ pathEnv: `/nowhere:${directory}` })).toEqual({ path, source: 'path' })
    expect((await findRqlited({ pathEnv: '/nowhere' })).source).toBe('embedded')
  })

  test('a configured one that is not there is an error and not a reason to take another', async () => {
    await put()
    const found = findRqlited({ configuredPath: join(directory, 'other'), pathEnv: directory })
    await expect(found).rejects.toMatchObject({ code: 'RQLITED_NOT_FOUND', message: expect.stringContaining('other') })
  })

  test('the embedded one is refused in production unless it is allowed', async () => {
    await expect(findRqlited({ production: true })).rejects.toMatchObject({ code: 'RQLITED_REFUSED' })
    expect((await findRqlited({ production: true, allowEmbedded: true })).source).toBe('embedded')
  })
})
