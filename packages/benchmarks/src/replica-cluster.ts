import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createReplicaProcess,
  type ReplicaProcess,
  type ReplicaSecurity,
  type RqliteBinary,
  type RqliteClient,
} from '@dbcluster/rqlite'
import { QUIET_LOGGER } from './quiet.js'

const MEMBERS = 3
const START_LIMIT_MS = 20_000

/** Three replicas of one database, kept as a node keeps them, without nodes. */
export interface ReplicaCluster {
  /** To the leader. */
  readonly client: RqliteClient
  stop(): Promise<void>
}

/** Starts one that bootstraps and two that join it, and waits until all are ready. */
export const startReplicaCluster = async (
  binary: RqliteBinary,
  ports: readonly number[],
  security: ReplicaSecurity | undefined,
): Promise<ReplicaCluster> => {
  const directory = mkdtempSync(join(tmpdir(), 'dbcluster-replicas-'))
  const replicas = Array.from({ length: MEMBERS }, (_, index): ReplicaProcess => {
    const [httpPort = 0, raftPort = 0] = ports.slice(2 * index)
    const start =
      index === 0 ? ({ kind: 'bootstrap' } as const) : ({ kind: 'join', addresses: [`127.0.0.1:${ports[1]}`] } as const)
    const spec = {
      database: 'bench',
      clusterId: '0'.repeat(32),
      raftId: `member-${index}`,
      directory: join(directory, `${index}`),
      httpPort,
      raftHost: '127.0.0.1',
      raftPort,
      start,
      timing: 'local',
      foreignKeys: true,
      ...(security === undefined ? {} : { security }),
    } as const
    return createReplicaProcess({ spec, binary })({ logger: QUIET_LOGGER })
  })
  const stop = async (): Promise<void> => {
    await Promise.all(replicas.map((replica) => replica.stop({ graceMs: 500 })))
    await Promise.all(replicas.map(({ client }) => client.close()))
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    for (const replica of replicas) replica.start()
    await Promise.all(replicas.map((replica) => replica.ready(AbortSignal.timeout(START_LIMIT_MS))))
    const [first] = replicas
    if (first === undefined) throw new Error('a cluster has members')
    return { client: first.client, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
