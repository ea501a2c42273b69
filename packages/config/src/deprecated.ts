/** Keys of the single-cluster mode, each with the word on what took its place. */
export const DEPRECATED_KEYS: Readonly<Record<string, string>> = {
  'database.data_dir': 'every database now has a directory of its own below node.data_dir',
  'database.rqlite_port': 'ports now come from database.port_range_http_start to port_range_http_end',
  'database.rqlite_raft_port': 'ports now come from database.port_range_raft_start to port_range_raft_end',
  'database.rqlite_join_address': 'nodes now find each other through discovery.bootstrap_peers',
}

/** Where the way out of the single-cluster mode is described. */
const MIGRATION_GUIDE = 'docs/migration.md'

/** The text that refuses a deprecated key. */
export const deprecatedMessage = (key: string): string =>
  `this key of the single-cluster mode is no longer used, remove it (${DEPRECATED_KEYS[key]}); ` +
  `${MIGRATION_GUIDE} shows the way: back up ./data/rqlite, update the config, restart, then import the backup into a new database`
