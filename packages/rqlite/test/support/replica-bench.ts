import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createNodeProcessHost,
  createReplicaProcess,
  hostAndPort,
  type ProcessHost,
  type ReplicaProcess,
  type ReplicaProcessInit,
  type ReplicaSpec,
  type RqliteBinary,
} from '../../src/index.js'
import { freePorts } from './free-ports.js'
import { silentLogger } from './silent-logger.js'
import { testSecurity } from './test-security.js'

/** A place to run replicas in; everything started here is gone after `dispose`. */
export interface ReplicaBench {
  readonly directory: string
  readonly spec: (name: string, over?: Partial<ReplicaSpec>) => Promise<ReplicaSpec>
  readonly create: (spec: ReplicaSpec, over?: Partial<ReplicaProcessInit>) => ReplicaProcess
  /** Three ready replicas, the first of which bootstrapped. */
  readonly cluster: (over?: Partial<ReplicaSpec>) => Promise<readonly [Replica, Replica, Replica]>
  readonly dispose: () => Promise<void>
}

export interface Replica {
  readonly spec: ReplicaSpec
  readonly process: ReplicaProcess
}

/** @param change what a test does to the arguments of every rqlited */
export const createReplicaBench = async (
  binary: RqliteBinary,
  change: (args: readonly string[]) => readonly string[] = (args) => args,
): Promise<ReplicaBench> => {
  const directory = await mkdtemp(join(tmpdir(), 'dbcluster-rqlite-'))
  const real = createNodeProcessHost({ pollMs: 20 })
  const started: { readonly pid: number; readonly exited: Promise<unknown>; signal(name: 'SIGKILL'): boolean }[] = []
  const host: ProcessHost = {
    ...real,
    async spawn(command) {
      const running = await real.spawn({ ...command, args: change(command.args) })
      started.push(running)
      return running
    },
  }
  const processes: ReplicaProcess[] = []

  const spec = async (name: string, over: Partial<ReplicaSpec> = {}): Promise<ReplicaSpec> => {
    const [httpPort = 0, raftPort = 0] = await freePorts(2)
    return {
      database: 'app_test',
      clusterId: 'c'.repeat(32),
      raftId: name,
      directory: join(directory, name),
      httpPort,
      raftHost: '127.0.0.1',
      raftPort,
      start: { kind: 'bootstrap' },
      timing: 'local',
      foreignKeys: true,
      security: testSecurity('key'),
      ...over,
    }
  }

  const create = (of: ReplicaSpec, over: Partial<ReplicaProcessInit> = {}): ReplicaProcess => {
    const made = createReplicaProcess({ spec: of, binary, ...over })({ logger: silentLogger, host })
    processes.push(made)
    return made
  }

  const cluster = async (over: Partial<ReplicaSpec> = {}): Promise<readonly [Replica, Replica, Replica]> => {
    const [first, second, third] = await Promise.all([spec('one', over), spec('two', over), spec('three', over)])
    const start = { kind: 'join', addresses: [hostAndPort(first.raftHost, first.raftPort)] } as const
    const specs = [first, { ...second, start }, { ...third, start }] as const
    const replica = (of: ReplicaSpec): Replica => ({ spec: of, process: create(of) })
    const replicas = [replica(specs[0]), replica(specs[1]), replica(specs[2])] as const
    for (const { process } of replicas) process.start()
    await Promise.all(replicas.map(({ process }) => process.ready(AbortSignal.timeout(15_000))))
    return replicas
  }

  const dispose = async (): Promise<void> => {
    for (const process of processes) process.detach()
    for (const running of started) running.signal('SIGKILL')
    await Promise.all(started.map((running) => running.exited))
    await rm(directory, { recursive: true, force: true })
  }

  return { directory, spec, create, cluster, dispose }
}
