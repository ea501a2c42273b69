import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Databases that have a label of their own; further ones count as `other`. Twice as many as a node holds by default. */
const DATABASES_MAX = 200
const WAKE_SECONDS = [0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 8, 15, 30]
const REPLACE_SECONDS = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300]
const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** What a node's gauges are read from, at each scrape. */
export interface NodeGauges {
  /** Replicas on this node by what they do: `active`, `stopped` (asleep), `starting`, … */
  replicas(): ReadonlyMap<string, number>
  /** Databases that this node knows of. */
  databases(): number
  /** Nodes that it is connected to. */
  connectedNodes(): number
  /** Applications and gateways disconnected for what they made it hold, since it was started. */
  guestsDisconnected(): number
}

/** What a node counts. */
export interface NodeMetrics {
  readonly registry: Registry
  request(of: {
    readonly operation: string
    readonly database: string
    readonly code: string
    readonly ms: number
  }): void
  slept(): void
  woke(ms: number): void
  started(): void
  replacementBegun(): void
  replacementEnded(ms: number): void
  replacementFailed(): void
  orphaned(): void
  watch(gauges: NodeGauges): void
}

/** Makes the metrics of one node, those of the process among them. */
export const createNodeMetrics = (registry: Registry = new Registry()): NodeMetrics => {
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers })
  const requests = new Counter({
    name: 'dbcluster_node_requests_total',
    help: 'Operations that this node answered, by operation and outcome',
    labelNames: ['operation', 'code'],
    registers,
  })
  const queries = new Counter({
    name: 'dbcluster_node_database_requests_total',
    help: 'Operations that this node answered, by database',
    labelNames: ['database'],
    registers,
  })
  const durations = new Histogram({
    name: 'dbcluster_node_request_duration_seconds',
    help: 'Time from an operation to its answer, within this node',
    labelNames: ['operation'],
    buckets: REQUEST_SECONDS,
    registers,
  })
  const wakes = new Histogram({
    name: 'dbcluster_node_wake_duration_seconds',
    help: 'Time from the wish for a database to its replica here serving again',
    buckets: WAKE_SECONDS,
    registers,
  })
  const replacements = new Histogram({
    name: 'dbcluster_node_replacement_duration_seconds',
    help: 'Time from the decision to replace a replica to the newcomer in its cluster, where this node saw to it',
    buckets: REPLACE_SECONDS,
    registers,
  })
  const sleeps = counter('dbcluster_node_hibernations_total', 'Replicas here that fell asleep')
  const starts = counter('dbcluster_node_replica_starts_total', 'Replicas here that came to serve')
  const begun = counter('dbcluster_node_replacements_begun_total', 'Replacements that this node saw to')
  const failed = counter('dbcluster_node_replacements_failed_total', 'Those that could not be, or were broken off')
  const orphans = counter('dbcluster_node_orphans_total', 'Directories that were set aside as orphans')
  const known = new Set<string>()
  const labelOf = (database: string): string => {
    if (known.size < DATABASES_MAX) known.add(database)
    return known.has(database) ? database : 'other'
  }
  return {
    registry,
    request: ({ operation, database, code, ms }) => {
      requests.inc({ operation, code })
      durations.observe({ operation }, ms / 1_000)
      if (database !== '') queries.inc({ database: labelOf(database) })
    },
    slept: () => sleeps.inc(),
    woke: (ms) => wakes.observe(ms / 1_000),
    started: () => starts.inc(),
    replacementBegun: () => begun.inc(),
    replacementEnded: (ms) => replacements.observe(ms / 1_000),
    replacementFailed: () => failed.inc(),
    orphaned: () => orphans.inc(),
    watch: (gauges) => watch(registers, gauges),
  }
}

const watch = (registers: Registry[], gauges: NodeGauges): void => {
  const gauge = (name: string, help: string, value: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value())
      },
    })
  gauge('dbcluster_node_databases', 'Databases that this node knows of', gauges.databases)
  gauge('dbcluster_node_connected_nodes', 'Other nodes that this one is connected to', gauges.connectedNodes)
  gauge(
    'dbcluster_node_guests_disconnected',
    'Applications and gateways disconnected for the memory that they made this node hold, since it was started',
    gauges.guestsDisconnected,
  )
  new Gauge({
    name: 'dbcluster_node_replicas',
    help: 'Replicas placed on this node, by status',
    labelNames: ['status'],
    registers,
    collect() {
      this.reset()
      for (const [status, count] of gauges.replicas()) this.set({ status }, count)
    },
  })
}
