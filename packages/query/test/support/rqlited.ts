import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReplicaProcess, describeRqlited, findRqlited } from '@dbcluster/rqlite'
import type { LocalReplica } from '../../src/index.js'
import { silentLogger } from './logger.js'

/** A real rqlited of one member, and the way to end it. */
export interface TestReplica {
  readonly replica: LocalReplica
  stop(): Promise<void>
}

/** Starts one, ready to serve. `DBCLUSTER_RQLITED` names another binary than the embedded one. */
export const startReplica = async (): Promise<TestReplica> => {
  const binary = await describeRqlited(await findRqlited({ configuredPath: process.env.DBCLUSTER_RQLITED }))
  const directory = await mkdtemp(join(tmpdir(), 'dbcluster-query-'))
  const [httpPort, raftPort] = [await freePort(), await freePort()]
  const spec = {
    database: 'app_users',
    clusterId: 'c'.repeat(32),
    raftId: 'raft-here',
    directory,
    httpPort,
    raftHost: '127.0.0.1',
    raftPort,
    start: { kind: 'bootstrap' },
    timing: 'local',
    foreignKeys: true,
  } as const
  const rqlited = createReplicaProcess({ spec, binary })({ logger: silentLogger })
  const stop = async (): Promise<void> => {
    await rqlited.stop({ graceMs: 2_000 })
    await rqlited.client.close()
    await rm(directory, { recursive: true, force: true })
  }
  rqlited.start()
  try {
    await rqlited.ready(AbortSignal.timeout(15_000))
  } catch (error) {
    await stop()
    throw error
  }
  const { client } = rqlited
  return { replica: { client, capabilities: binary.capabilities, raftId: spec.raftId, incarnation: '1' }, stop }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
