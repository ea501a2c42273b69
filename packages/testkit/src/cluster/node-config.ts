import type { ApiKeyRecord } from '@dbcluster/auth'
import type { PortRange } from '../free-ports.js'

/** Small enough that nodes of several clusters find ranges side by side. */
export const MAX_DATABASES = 40
/** As many ports as the documents advise. */
export const PORTS_PER_RANGE = 2 * MAX_DATABASES

/** What the configuration of one node depends on. */
export interface NodeConfigInit {
  readonly dataDir: string
  /** Address on which the other nodes reach it. @default 127.0.0.1 */
  readonly host?: string
  readonly listenPort: number
  readonly http: PortRange
  readonly raft: PortRange
  readonly bootstrapPeers: readonly string[]
  readonly apiKeys: readonly ApiKeyRecord[]
  readonly jwtSecret: string | undefined
  readonly jwt: readonly Readonly<Record<string, unknown>>[]
  /** Another rqlited than the node would find by itself. */
  readonly rqlitedPath: string | undefined
}

/** A node's configuration file. JSON is YAML. */
export const nodeConfigText = (init: NodeConfigInit): string =>
  JSON.stringify({
    node: {
      data_dir: init.dataDir,
      listen_addresses: [`/ip4/${init.host ?? '127.0.0.1'}/tcp/${init.listenPort}`],
    },
    database: {
      max_databases: MAX_DATABASES,
      // The machine may be small and busy with other tests.
      creation_timeout: '30s',
      port_range_http_start: init.http.start,
      port_range_http_end: init.http.end,
      port_range_raft_start: init.raft.start,
      port_range_raft_end: init.raft.end,
    },
    discovery: { bootstrap_peers: init.bootstrapPeers, health_check_interval: '1s' },
    auth: {
      api_keys: init.apiKeys.map(({ id, app, scope, hash, databases }) => ({ id, app, scope, hash, databases })),
      jwt: [...(init.jwtSecret === undefined ? [] : [{ algorithm: 'HS256', key: init.jwtSecret }]), ...init.jwt],
    },
    ...(init.rqlitedPath === undefined ? {} : { rqlite: { path: init.rqlitedPath } }),
    log: { level: 'debug' },
  })
