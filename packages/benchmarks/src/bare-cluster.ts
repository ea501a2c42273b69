import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createRqliteClient,
  describeRqlited,
  findRqlited,
  type ReplicaSpec,
  RQLITED_ENVIRONMENT,
  type RqliteBinary,
  type RqliteClient,
  replicaArguments,
} from '@dbcluster/rqlite'
import { eventually, findPortRanges } from '@dbcluster/testkit'

const MEMBERS = 3
const START_LIMIT_MS = 20_000

/** Three rqlited processes as somebody would start them by hand, with the flags that a node gives its own. */
export interface BareCluster {
  /** To the leader. */
  readonly client: RqliteClient
  readonly httpPort: number
  stop(): Promise<void>
}

/** The binary that nodes run too. */
export const bareBinary = async (): Promise<RqliteBinary> =>
  describeRqlited(await findRqlited({ configuredPath: process.env.DBCLUSTER_RQLITED, pathEnv: process.env.PATH }))

/** Ports for a bare cluster. Found beforehand, since looking for them is no part of starting one. */
export const barePorts = async (): Promise<readonly number[]> => {
  const [range] = await findPortRanges(1, 2 * MEMBERS)
  if (range === undefined) throw new Error('no free ports')
  return Array.from({ length: 2 * MEMBERS }, (_, at) => range.start + at)
}

/** Starts one that bootstraps and two that join it, and waits until all three vote. */
export const startBareCluster = async (binary: RqliteBinary, ports: readonly number[]): Promise<BareCluster> => {
  const directory = mkdtempSync(join(tmpdir(), 'dbcluster-bare-'))
  const children = Array.from({ length: MEMBERS }, (_, index) => spawnMember(binary, { directory, ports, index }))
  const [httpPort = 0] = ports
  const client = createRqliteClient({ httpPort, capabilities: binary.capabilities })
  const stop = async (): Promise<void> => {
    await client.close()
    await Promise.all(children.map(end))
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    const gathered = async (): Promise<boolean> => {
      const view = await client.status({ timeoutMs: 1_000 }).catch(() => undefined)
      return view?.isLeader === true && view.voters.length === MEMBERS
    }
    await eventually('three hand-started rqlited vote', gathered, { limitMs: START_LIMIT_MS, everyMs: 5 })
  } catch (error) {
    await stop()
    throw error
  }
  return { client, httpPort, stop }
}

interface Member {
  readonly directory: string
  readonly ports: readonly number[]
  readonly index: number
}

const spawnMember = (binary: RqliteBinary, { directory, ports, index }: Member): ChildProcess => {
  const [httpPort = 0, raftPort = 0] = ports.slice(2 * index)
  const data = join(directory, `${index}`)
  mkdirSync(data)
  const spec: ReplicaSpec = {
    database: 'bare',
    clusterId: '0'.repeat(32),
    raftId: `member-${index}`,
    directory: data,
    httpPort,
    raftHost: '127.0.0.1',
    raftPort,
    start: index === 0 ? { kind: 'bootstrap' } : { kind: 'join', addresses: [`127.0.0.1:${ports[1]}`] },
    timing: 'local',
    foreignKeys: true,
  }
  const log = openSync(join(directory, `${index}.log`), 'w')
  const args = replicaArguments(binary, spec, join(data, 'rqlite'))
  return spawn(binary.path, args, { stdio: ['ignore', log, log], env: RQLITED_ENVIRONMENT })
}

const end = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
