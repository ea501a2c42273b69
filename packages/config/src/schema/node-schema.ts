import { LIMITS } from '@dbcluster/protocol'
import { type Static, Type } from '@sinclair/typebox'
import { AuthSection } from './auth.js'
import { bytes, duration, flag, integer, optionalText, section, text, texts } from './fields.js'
import { AuditSection, LimitsSection } from './limits.js'
import { LogSection } from './log.js'

/** Raft timing profiles, fastest first. */
export const TIMINGS = ['local', 'lan', 'wan'] as const
export type Timing = (typeof TIMINGS)[number]

const port = (start: number, description: string) => integer(1, 65_535, { default: start, description })

const NodeSection = section('This node itself.', {
  data_dir: text({
    default: './data',
    description:
      'Directory of everything this node keeps: keys, identity, metadata, and one directory per hosted database. One process only: it is locked. A relative path counts from the directory the command was typed in.',
  }),
  listen_addresses: texts('listen-multiaddr', {
    default: ['/ip4/0.0.0.0/tcp/4001'],
    minItems: 1,
    maxItems: 16,
    description:
      'Multiaddrs this node listens on for other nodes, gateways and applications. TCP port 0 takes any free one.',
  }),
  advertise_address: optionalText({
    format: 'host',
    description:
      "Host name or IP address by which the other nodes reach this node's Raft ports. Default: the first listen address that isn't loopback (0.0.0.0 stands for this machine's first external IPv4 address), else the loopback address.",
  }),
  max_connections: integer(1, 10_000, {
    default: 50,
    description: 'libp2p connections at most; what is beyond is refused and counted.',
  }),
})

const DatabaseSection = section('The databases that this node creates and hosts.', {
  replication_factor: integer(1, LIMITS.replicationFactor, {
    default: 3,
    description:
      'Replicas of each database that is created through this node. 1 for development, 3 survives one loss, 5 survives two.',
  }),
  hibernation_timeout: duration(0, {
    default: '60s',
    description:
      "Idle time before this node votes for a database's sleep; 0 = it never votes. 30s suits development, 300s or more busy systems.",
  }),
  max_databases: integer(0, 60_000, {
    default: 100,
    description: 'Replicas placed on this node at most, awake or asleep, reservations included. 0 = it hosts none.',
  }),
  port_range_http_start: port(
    5001,
    "First port for rqlited's HTTP. One per hosted database; make the range twice max_databases.",
  ),
  port_range_http_end: port(5999, "Last port for rqlited's HTTP."),
  port_range_raft_start: port(7001, "First port for rqlited's Raft. The other nodes must reach it."),
  port_range_raft_end: port(7999, "Last port for rqlited's Raft."),
  foreign_keys: flag({
    default: true,
    description: 'Whether databases created through this node enforce foreign keys; fixed for each at its creation.',
  }),
  creation_timeout: duration(500, {
    default: '10s',
    description: 'How long a creation may take until it is given up and its reservations are released.',
  }),
  replacement_grace: duration(0, {
    default: '5m',
    description: 'How long the replicas of a node that stopped in order are kept for it. A crash gets no grace.',
  }),
  replacements_at_once: integer(1, 100, {
    default: 2,
    description:
      'Replicas that this node brings in for databases it leads at once, and as many that it takes in: the failure of one node is no storm.',
  }),
  quarantine_retention: duration(0, {
    default: '168h',
    description:
      'How long a directory that was set aside is kept in data_dir/quarantine before it is deleted. 0 = for ever.',
  }),
})

const DiscoverySection = section('How nodes find and watch each other.', {
  bootstrap_peers: texts('peer-multiaddr', {
    default: [],
    description:
      'Multiaddrs, with peer id, of nodes of the network to join. A node without any founds a network. A placeholder ending in /p2p/... is ignored with a warning.',
  }),
  discovery_interval: duration(100, { default: '30s', description: 'How often to look for more peers.' }),
  health_check_interval: duration(100, {
    default: '10s',
    description: 'How often each peer is checked; 3 missed checks make it unhealthy.',
  }),
  anti_entropy_interval: duration(100, {
    default: '5s',
    description: 'How often metadata is compared with one other node, to pull what gossip missed.',
  }),
})

const NetworkSection = section('The two secrets of a network. Both files must be readable by their owner alone.', {
  key_file: optionalText({
    description:
      'The network key (swarm-key format): without it nobody connects; applications over libp2p and gateways hold it too. Default: data_dir/keys/network.key.',
  }),
  cluster_key_file: optionalText({
    description: 'The cluster key (32 bytes, hexadecimal), for nodes only. Default: data_dir/keys/cluster.key.',
  }),
})

const RqliteSection = section('The rqlited processes.', {
  path: optionalText({
    description:
      'The rqlited binary. Default: the one on PATH, else the one that the install brought. The environment variable DBCLUSTER_RQLITED sets it too.',
  }),
  allow_embedded: flag({
    default: false,
    description: 'Accept the rqlited that the install brought also where NODE_ENV is production.',
  }),
  timing: Type.Optional(
    Type.Unsafe<Timing>({
      type: 'string',
      enum: [...TIMINGS],
      description:
        'Raft timing profile: local for nodes on one machine, lan for one network, wan across regions. Default: local when every listen address is loopback, else lan.',
    }),
  ),
})

const SqlSection = section(
  'What one request of an application may bring and take with it. Set it alike on all nodes: a statement is checked where it arrives, and its result where it ran.',
  {
    max_statement_size: bytes(1024, LIMITS.sqlBytes, {
      default: '1MiB',
      description:
        'Longest SQL text of one statement, such as 64KiB or 1MiB; a plain number is bytes. Arguments do not count.',
    }),
    max_parameters: integer(1, LIMITS.parameters, {
      default: LIMITS.parameters,
      description: 'Parameters of one statement.',
    }),
    max_statements: integer(1, LIMITS.statementsPerRequest, {
      default: LIMITS.statementsPerRequest,
      description: 'Statements of one transaction or batch.',
    }),
    max_result_rows: integer(1, 1_000_000, {
      default: LIMITS.resultRows,
      description: 'Rows that one request may give back; those of all statements of a transaction or batch together.',
    }),
    max_result_size: bytes(1024, LIMITS.resultBytes, {
      default: '16MiB',
      description: 'Size of what one request may give back, about as it is encoded on its way.',
    }),
  },
)

const MetricsSection = section('Prometheus metrics of this node.', {
  listen: optionalText({
    format: 'host-port',
    description: 'host:port on which GET /metrics answers, without authentication. Default: off.',
  }),
})

/** The configuration file of a node, as it is written. Every key may be left out. */
export const NodeFileSchema = Type.Object(
  {
    node: NodeSection,
    database: DatabaseSection,
    discovery: DiscoverySection,
    network: NetworkSection,
    rqlite: RqliteSection,
    sql: SqlSection,
    auth: AuthSection,
    limits: LimitsSection,
    audit: AuditSection,
    metrics: MetricsSection,
    log: LogSection,
  },
  { additionalProperties: false, title: 'dbcluster node', description: 'Configuration of a dbcluster node' },
)
export type NodeFile = Static<typeof NodeFileSchema>
