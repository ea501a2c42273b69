import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Decree, ReplicaAssignment } from '@dbcluster/protocol'
import {
  createReplicaHost,
  type HostedReplicaListener,
  type ReplicaHost,
  type ReplicaStart,
  type RqliteBinary,
  type SnapshotPolicy,
} from '../../src/index.js'
import { eventually } from './eventually.js'
import { freePorts } from './free-ports.js'
import { silentLogger } from './silent-logger.js'
import { testSecurity } from './test-security.js'

/** The database that every host of a bench has a replica of. */
export const NAME = 'app_test'

/** What a host told, in order. */
export type Told = 'ready' | 'gathered' | 'failed' | 'warmed' | 'lost'

/** One node's host, and what it was told to do and told. */
export interface TestHost {
  readonly dataDir: string
  readonly host: ReplicaHost
  readonly told: { readonly what: Told; readonly detail: string }[]
  /** Ports that were put to rest or released. */
  readonly freed: string[]
  assignment: ReplicaAssignment
  /** The recovery that a newcomer comes into, or that the next start makes. */
  recovery: number
  start(start: ReplicaStart, gather?: number): void
  /** Starts, and waits for what the host tells. */
  bring(start: ReplicaStart, until?: Told): Promise<void>
}

export interface HostBench {
  hosts(count: number): Promise<readonly TestHost[]>
  /** Three members of one cluster; the first bootstrapped. */
  cluster(): Promise<readonly [TestHost, TestHost, TestHost]>
  /** A running host's raft port changes while it is stopped. */
  move(test: TestHost): Promise<void>
  dispose(): Promise<void>
}

export const addressOf = ({ assignment }: TestHost): string => `${assignment.host}:${assignment.raftPort}`

/** @param places where certain hosts keep their data; with less than a mebibyte left there they have too little room */
export const createHostBench = async (
  binary: RqliteBinary,
  places: Readonly<Record<string, string>> = {},
  snapshots: Partial<SnapshotPolicy> = {},
): Promise<HostBench> => {
  const directory = await mkdtemp(join(tmpdir(), 'dbcluster-host-'))
  const made: TestHost[] = []

  const assign = async (raftId: string): Promise<ReplicaAssignment> => {
    const [httpPort = 0, raftPort = 0] = await freePorts(2)
    return { peerId: raftId, raftId, host: '127.0.0.1', httpPort, raftPort }
  }

  const make = async (id: string, decree: Decree): Promise<TestHost> => {
    const dataDir = join(places[id] ?? directory, id)
    const told: TestHost['told'] = []
    const freed: string[] = []
    const ports = {
      reserve: () => undefined,
      release: (name: string) => void freed.push(`released ${name}`),
      rest: (name: string) => void freed.push(`rests ${name}`),
    }
    const host = createReplicaHost({ dataDir, binary, timing: 'local', roomFloorBytes: 1024 * 1024, snapshots })({
      logger: silentLogger,
      ports,
      security: testSecurity('key'),
    })
    const hear = (what: Told) => (detail?: unknown) => void told.push({ what, detail: String(detail ?? '') })
    const listener: HostedReplicaListener = {
      ready: hear('ready'),
      gathered: hear('gathered'),
      failed: hear('failed'),
      warmed: hear('warmed'),
      lost: hear('lost'),
    }
    const test: TestHost = {
      dataDir,
      host,
      told,
      freed,
      assignment: await assign(id),
      recovery: 0,
      start: (start, gather) =>
        host.start(
          {
            ...{ name: NAME, decree, assignment: test.assignment, recovery: test.recovery, start },
            ...(gather === undefined ? {} : { gather }),
          },
          listener,
        ),
      bring: async (start, until = 'ready') => {
        const from = told.length
        test.start(start)
        await eventually(
          `${id} is ${until}: ${JSON.stringify(told.slice(from))}`,
          () => told.slice(from).some(({ what }) => what === until),
          15_000,
        )
      },
    }
    made.push(test)
    return test
  }

  const hosts = async (count: number): Promise<readonly TestHost[]> => {
    const decree: Decree = {
      generation: 1,
      ballot: { round: 1, proposer: 'one' },
      clusterId: 'c'.repeat(32),
      replicationFactor: 3,
      foreignKeys: true,
      rqliteMajor: binary.major,
      replicas: [],
    }
    return Promise.all(['one', 'two', 'three', 'four'].slice(0, count).map((id) => make(id, decree)))
  }

  return {
    hosts,
    cluster: async () => {
      const [one, two, three] = await hosts(3)
      if (one === undefined || two === undefined || three === undefined) throw new Error('three were asked for')
      const bootstrapped = one.bring({ kind: 'bootstrap' })
      const join = { kind: 'join', addresses: [addressOf(one)] } as const
      await Promise.all([bootstrapped, two.bring(join), three.bring(join)])
      return [one, two, three]
    },
    move: async (test) => {
      test.assignment = await assign(test.assignment.raftId)
    },
    dispose: async () => {
      await Promise.all(made.map(({ host }) => host.halt(NAME)))
      await rm(directory, { recursive: true, force: true })
    },
  }
}
