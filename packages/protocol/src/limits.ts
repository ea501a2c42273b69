/** Every bound of the wire and of tenants' requests, in one place. Bytes and milliseconds throughout. */
export const LIMITS = {
  /** Longest app name; it never contains `_` (spec: names). */
  appNameChars: 32,
  /** Longest database name as the app knows it. */
  databaseNameChars: 64,
  /** Databases that one credential may name. */
  databasesPerKey: 1_000,
  /** API keys of one app, revoked ones included: they are never forgotten. */
  keysPerApp: 10_000,
  /** Longest SQL text of one statement. */
  sqlBytes: 1024 * 1024,
  /** SQLite's own default bound on bound parameters (https://sqlite.org/limits.html, SQLITE_MAX_VARIABLE_NUMBER). */
  parameters: 32_766,
  /** Statements in one batch or transaction. */
  statementsPerRequest: 1_000,
  /** Body of one gateway request. */
  requestBytes: 8 * 1024 * 1024,
  /** Rows of one result; a larger one is an error that names this bound. */
  resultRows: 100_000,
  /** Encoded result of one request. */
  resultBytes: 16 * 1024 * 1024,
  /** One frame on a request stream. */
  frameBytes: 24 * 1024 * 1024,
  /** One gossip message; larger ones are split or fetched directly. */
  gossipBytes: 256 * 1024,
  /** Members of a network; every acceptor holds every name's decree. */
  rosterMembers: 64,
  /** Replicas of one database. */
  replicationFactor: 15,
  /** Time a query may take, waking included. */
  queryTimeoutMs: 30_000,
  /** Time a transaction may take. */
  transactionTimeoutMs: 60_000,
  /** Times one request may be passed on from node to node. */
  forwardHops: 2,
} as const
