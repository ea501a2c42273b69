import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { SqlValue } from '@dbcluster/protocol'
import {
  createNodeProcessHost,
  createReplicaProcess,
  describeRqlited,
  findRqlited,
  type ProcessHost,
  type ReplicaProcess,
  type ReplicaSpec,
} from '@dbcluster/rqlite'
import type { LocalReplica } from '../../src/index.js'
import { silentLogger } from './logger.js'

const READY_MS = 20_000
const POLL_MS = 50

/** Real rqliteds of one database. */
export interface TestReplicas {
  /** The replica that leads, as a node's query path would find it; it changes with restarts. */
  readonly local: Readonly<Record<string, LocalReplica>>
  /** Every replica's database as text, read from each by itself. */
  dumps(): Promise<readonly string[]>
  /** One value of each replica, read from each by itself. */
  rows(sql: string): Promise<readonly SqlValue[]>
  /** A write that passes the node by. */
  past(sql: string): Promise<void>
  /** Ends all of them, starts them again, and waits until they serve. */
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Resolves in the next second but one. */
  later(): Promise<void>
  stop(): Promise<void>
}

/** Starts a cluster on this machine. */
export const startReplicas = async (count: number): Promise<TestReplicas> => {
  const binary = await describeRqlited(await findRqlited({ configuredPath: process.env.DBCLUSTER_RQLITED }))
  const directory = await mkdtemp(join(tmpdir(), 'dbcluster-query-'))
  const started = new Map<number, { readonly exited: Promise<unknown>; signal(name: NodeJS.Signals): boolean }>()
  const real = createNodeProcessHost({ pollMs: 20 })
  const host: ProcessHost = {
    ...real,
    async spawn(command) {
      const running = await real.spawn(command)
      started.set(running.pid, running as never)
      return running
    },
  }
  const ports = await freePorts(2 * count)
  const specs = Array.from({ length: count }, (_, at): ReplicaSpec => {
    const [httpPort = 0, raftPort = 0, first = 0] = [ports[2 * at], ports[2 * at + 1], ports[1]]
    return {
      database: 'app_users',
      clusterId: 'c'.repeat(32),
      raftId: `raft-${at}`,
      directory: join(directory, String(at)),
      httpPort,
      raftHost: '127.0.0.1',
      raftPort,
      start: at === 0 ? { kind: 'bootstrap' } : { kind: 'join', addresses: [`127.0.0.1:${first}`] },
      timing: 'local',
      foreignKeys: true,
    }
  })
  let processes: ReplicaProcess[] = []
  let starts = 0
  let leader = 0
  const launch = async (change: (spec: ReplicaSpec) => ReplicaSpec): Promise<void> => {
    starts += 1
    processes = specs.map((spec) =>
      createReplicaProcess({ spec: change(spec), binary })({ logger: silentLogger, host }),
    )
    for (const process of processes) process.start()
    await Promise.all(processes.map((process) => process.ready(AbortSignal.timeout(READY_MS))))
    await settle()
  }
  const settle = async (): Promise<void> => {
    const until = performance.now() + READY_MS
    while (performance.now() < until) {
      const views = await Promise.all(processes.map(({ client }) => client.status().catch(() => undefined)))
      leader = views.findIndex((view) => view?.isLeader === true)
      const applied = new Set(views.map((view) => view?.fsmIndex))
      if (leader >= 0 && applied.size === 1) return
      await delay(POLL_MS)
    }
    throw new Error(`the replicas did not agree within ${READY_MS} ms`)
  }
  const readAll = async (sql: string): Promise<readonly (readonly (readonly SqlValue[])[])[]> => {
    await settle()
    return Promise.all(
      processes.map(async ({ client }) => {
        const { results } = await client.query([{ sql }], { level: 'none' })
        if (results[0]?.error !== undefined) throw results[0].error
        return results[0]?.rows ?? []
      }),
    )
  }
  const leading = (): ReplicaProcess => {
    const process = processes[leader]
    if (process === undefined) throw new Error('there is no leader')
    return process
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    for (const process of processes) process.detach()
    for (const running of started.values()) running.signal(signal)
    await Promise.all([...started.values()].map((running) => running.exited))
    started.clear()
    await Promise.all(processes.map(({ client }) => client.close()))
  }
  const stop = async (): Promise<void> => {
    await end('SIGKILL')
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await launch((spec) => spec)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    local: {
      get app_users() {
        return {
          client: leading().client,
          capabilities: binary.capabilities,
          raftId: 'raft-here',
          incarnation: String(starts),
        }
      },
    },
    async dumps() {
      const columns = new Map<string, string[]>()
      for (const [table, column] of (await readAll(COLUMNS))[0] ?? []) {
        columns.set(String(table), [...(columns.get(String(table)) ?? []), `quote("${column}")`])
      }
      const tables = [...columns].map(([table, values]) => `SELECT ${values} FROM "${table}" ORDER BY 1`)
      const dumps = processes.map(() => '')
      for (const sql of [SCHEMA, ...tables]) {
        for (const [at, rows] of (await readAll(sql)).entries()) dumps[at] += `${JSON.stringify(rows)}\n`
      }
      return dumps
    },
    rows: async (sql) => (await readAll(sql)).map((rows) => rows[0]?.[0] ?? null),
    async past(sql) {
      const [result] = await leading().client.execute([{ sql }])
      if (result?.error !== undefined) throw result.error
    },
    async restart(signal) {
      await end(signal)
      await launch((spec) => ({ ...spec, start: { kind: 'restart' } }))
    },
    later: () => delay(2_000 - (Date.now() % 1_000)),
    stop,
  }
}

const SCHEMA = 'SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2'
const COLUMNS = `SELECT m.name, x.name FROM sqlite_schema AS m, pragma_table_xinfo(m.name) AS x
  WHERE m.type = 'table' ORDER BY m.name, x.cid`

const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))))
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
