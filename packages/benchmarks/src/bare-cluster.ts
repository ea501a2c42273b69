import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeRqlited, findRqlited, type RqliteBinary, type RqliteClient } from '@dbcluster/rqlite'
import { eventually, findPortRanges } from '@dbcluster/testkit'
import { BareMember } from './bare-member.js'

const MEMBERS = 3
const START_LIMIT_MS = 20_000

/** Three rqlited processes as somebody would start them by hand, with the flags that a node gives its own. */
export interface BareCluster {
  /** To the first leader. */
  readonly client: RqliteClient
  /** Of the first leader. */
  readonly httpPort: number
  readonly members: readonly BareMember[]
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
  const members = Array.from({ length: MEMBERS }, (_, index) => {
    const [httpPort = 0, raftPort = 0] = ports.slice(2 * index)
    return new BareMember({ binary, directory, index, httpPort, raftPort })
  })
  const stop = async (): Promise<void> => {
    await Promise.all(members.map(({ client }) => client.close()))
    await Promise.all(members.map((member) => member.end('SIGKILL')))
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    const [first, ...others] = members
    if (first === undefined) throw new Error('a cluster has members')
    first.start({ kind: 'bootstrap' })
    for (const member of others) member.start({ kind: 'join', addresses: [`127.0.0.1:${ports[1]}`] })
    const { client } = first
    const gathered = async (): Promise<boolean> => {
      const view = await client.status({ timeoutMs: 1_000 }).catch(() => undefined)
      return view?.isLeader === true && view.voters.length === MEMBERS
    }
    await eventually('three hand-started rqlited vote', gathered, { limitMs: START_LIMIT_MS, everyMs: 5 })
    return { client, httpPort: ports[0] ?? 0, members, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
