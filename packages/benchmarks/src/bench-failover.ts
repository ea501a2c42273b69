import { eventually, signalProcess, startTestCluster, type TestCluster, type TestNode } from '@dbcluster/testkit'
import { type BareCluster, bareBinary, barePorts, startBareCluster } from './bare-cluster.js'
import { firstSuccess } from './first-success.js'
import { QUIET } from './quiet.js'
import { latencyTable } from './report.js'
import { Samples, timed } from './samples.js'

const TABLE = 'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)'
const WRITE = "INSERT INTO users (name) VALUES ('somebody')"
const DATABASE = 'bench'
const LIMIT_MS = 30_000

/** From SIGKILL of a leader to the next acknowledged write, beside three rqlited without nodes. */
export const benchFailover = async (runs: number): Promise<string> => {
  const binary = await bareBinary()
  await using cluster = await startTestCluster(QUIET)
  const bare = await startBareCluster(binary, await barePorts())
  const [plain, process, node] = [new Samples(), new Samples(), new Samples()]
  try {
    await write(cluster, TABLE)
    await bare.client.execute([{ sql: TABLE }])
    for (let run = 0; run < runs; run += 1) {
      await failBare(bare, plain)
      await failProcess(cluster, process)
      await failNode(cluster, node)
    }
  } finally {
    await bare.stop()
  }
  return [
    '# Losing a leader',
    '',
    'From SIGKILL of the leader to the next acknowledged write, tried again and again: a database with three replicas, written',
    'to through the gateway, beside three hand-started `rqlited` with the same Raft timing (`local`), written to at whichever',
    'survivor takes it. Milliseconds.',
    '',
    latencyTable([
      { name: 'hand-started rqlited, the leader killed', samples: plain },
      { name: "gateway, the leader's rqlited killed", samples: process, against: plain },
      { name: "gateway, the leader's node and rqlited killed", samples: node, against: plain },
    ]),
    '',
    `rqlite ${binary.version}; the kinds were measured in turn, in one run: \`pnpm bench failover --runs ${runs}\`.`,
    '',
  ].join('\n')
}

const write = async ({ http }: TestCluster, sql: string): Promise<void> => {
  const { status, text } = await http.post('exec', { database: DATABASE, sql })
  if (status !== 200) throw new Error(`exec: ${status} ${text}`)
}

const untilWritten = (cluster: TestCluster): Promise<void> => firstSuccess([() => write(cluster, WRITE)], LIMIT_MS)

const failBare = async ({ members }: BareCluster, samples: Samples): Promise<void> => {
  const leader = await eventually('a leader', async () => {
    const views = await Promise.all(members.map(({ client }) => client.status()))
    return members[views.findIndex((view) => view.isLeader && view.voters.length === members.length)]
  })
  const survivors = members.filter((member) => member !== leader)
  const ways = survivors.map(({ client }) => async () => {
    const [result] = await client.execute([{ sql: WRITE }], { timeoutMs: LIMIT_MS })
    if (result?.error !== undefined) throw result.error
  })
  await timed(samples, async () => {
    await leader.end('SIGKILL')
    await firstSuccess(ways, LIMIT_MS)
  })
  leader.start({ kind: 'restart' })
  await eventually('it is back', () => leader.client.ready(), { limitMs: LIMIT_MS })
}

/** The node that holds the leader, once all three replicas serve. */
const leaderOf = async (cluster: TestCluster): Promise<TestNode> => {
  const found = await eventually(
    'three replicas and a leader',
    async () => {
      const { replicas } = await cluster.ask(0, { op: 'status', database: DATABASE })
      const leader = replicas.find((replica) => replica.leader)?.peer_id
      if (!replicas.every((replica) => replica.status === 'active')) return undefined
      return cluster.nodes.find((node) => node.peerId === leader)
    },
    { limitMs: LIMIT_MS },
  )
  await untilWritten(cluster)
  return found
}

const failProcess = async (cluster: TestCluster, samples: Samples): Promise<void> => {
  const leader = await leaderOf(cluster)
  const [process] = leader.rqliteds()
  await timed(samples, async () => {
    if (process === undefined || !signalProcess(process, 'SIGKILL')) throw new Error('the leader has no rqlited')
    await untilWritten(cluster)
  })
}

const failNode = async (cluster: TestCluster, samples: Samples): Promise<void> => {
  const leader = await leaderOf(cluster)
  const processes = leader.rqliteds()
  await timed(samples, async () => {
    leader.signal('SIGKILL')
    for (const process of processes) signalProcess(process, 'SIGKILL')
    await untilWritten(cluster)
  })
  await leader.kill('SIGKILL')
  await leader.start()
  await cluster.settled()
}
