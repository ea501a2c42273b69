import type {
  DatabaseRecord,
  Decree,
  KeyRecord,
  MetadataRecord,
  NodeRecord,
  ReplicaAssignment,
} from '@dbcluster/protocol'
import fc from 'fast-check'

/** Few peers, clusters and numbers, so that generated records meet in every combination. */
export const PEERS = ['12D3A', '12D3B', '12D3C', 'constructor'] as const
const peer = fc.constantFrom(...PEERS)
const actor = fc
  .tuple(peer, fc.constantFrom('0000000000000001', '0000000000000002'))
  .map(([peerId, incarnation]) => `${peerId}/${incarnation}`)

export const clock = fc.dictionary(actor, fc.integer({ min: 1, max: 4 }), { maxKeys: 4, noNullPrototype: true })

export const stamped = <T>(value: fc.Arbitrary<T>) => fc.record({ value, clock })

const assignment = (peerId: string, placed: number): ReplicaAssignment => ({
  peerId,
  raftId: `${peerId}-${placed}`,
  host: '127.0.0.1',
  httpPort: 5000 + placed,
  raftPort: 7000 + placed,
})

export const clusterIdOf = (cluster: number): string => cluster.toString(16).padStart(32, '0')

/** A cluster id belongs to one generation and one ballot. */
export const decreeOf = (cluster: number): Decree => ({
  generation: 1 + (cluster % 2),
  ballot: { round: 1 + Math.floor(cluster / 4), proposer: PEERS[cluster % 3] ?? '' },
  clusterId: clusterIdOf(cluster),
  replicationFactor: 3,
  foreignKeys: true,
  rqliteMajor: 8,
  replicas: ['12D3A', '12D3B', '12D3C'].map((peerId) => assignment(peerId, cluster + 1)),
})

const placement = fc.record({
  recovery: fc.integer({ min: 0, max: 1 }),
  epoch: fc.integer({ min: 1, max: 3 }),
  replicas: fc.uniqueArray(peer, { minLength: 1, maxLength: 3 }).map((peers) => peers.map((id) => assignment(id, 9))),
})

const replicas = fc.dictionary(
  peer,
  stamped(
    fc.record({
      clusterId: fc.integer({ min: 0, max: 1 }).map(clusterIdOf),
      status: fc.constantFrom('starting' as const, 'active' as const, 'failed' as const),
      voters: fc.integer({ min: 0, max: 3 }),
    }),
  ),
  { maxKeys: 3, noNullPrototype: true },
)

const decided = fc.record({
  cluster: fc.integer({ min: 0, max: 7 }),
  established: fc.boolean(),
  deleted: fc.boolean(),
  placement: fc.option(placement, { nil: undefined }),
})

/** Records as nodes write them: a placement only where the cluster is established. */
export const validDatabase = (name = 'app_db'): fc.Arbitrary<DatabaseRecord> =>
  fc.record({ decided, replicas, clock }).map((part) => ({
    kind: 'database',
    name,
    decree: decreeOf(part.decided.cluster),
    established: part.decided.established,
    deleted: part.decided.deleted,
    ...(part.decided.established && part.decided.placement !== undefined ? { placement: part.decided.placement } : {}),
    replicas: part.replicas,
    clock: part.clock,
  }))

/** Records that no node should ever write, which must merge by the same laws all the same. */
export const wildDatabase = (name = 'app_db'): fc.Arbitrary<DatabaseRecord> =>
  fc
    .record({ record: validDatabase(name), placement, round: fc.integer({ min: 0, max: 2 }), other: fc.boolean() })
    .map((part) => ({
      ...part.record,
      placement: part.placement,
      decree: {
        ...part.record.decree,
        foreignKeys: part.other,
        ballot: { round: part.round, proposer: '12D3A' },
      },
    }))

export const nodeRecord = (peerId = '12D3A'): fc.Arbitrary<NodeRecord> =>
  fc.record({ databases: fc.integer({ min: 0, max: 3 }), stampClock: clock, clock }).map((part) => ({
    kind: 'node',
    peerId,
    info: {
      value: {
        multiaddrs: ['/ip4/127.0.0.1/tcp/4001'],
        maxDatabases: 100,
        databases: part.databases,
        rqliteVersion: '8.26.7',
        rqliteMajor: 8,
        version: '0.1.0',
      },
      clock: part.stampClock,
    },
    clock: part.clock,
  }))

/** Keys as nodes write them, and two grants of one id, which none should. */
export const keyRecord = (id = 'k1'): fc.Arbitrary<KeyRecord> =>
  fc
    .record({ grant: fc.option(fc.constantFrom('read', 'write'), { nil: undefined }), revoked: fc.boolean(), clock })
    .map(({ grant, revoked, clock: seen }) => ({
      kind: 'key',
      id,
      ...(grant === undefined
        ? {}
        : {
            grant: {
              app: 'shop',
              scope: grant,
              hash: `sha256:${'a'.repeat(64)}`,
              mayCreate: true,
              createdAtMs: 1,
              createdBy: 'x',
            },
          }),
      revoked,
      clock: seen,
    }))

/** Records of few keys, valid and not. */
export const anyRecord: fc.Arbitrary<MetadataRecord> = fc.oneof(
  validDatabase('app_one'),
  validDatabase('app_two'),
  wildDatabase('app_one'),
  nodeRecord('12D3A'),
  nodeRecord('12D3B'),
  keyRecord('k1'),
  keyRecord('k2'),
)
