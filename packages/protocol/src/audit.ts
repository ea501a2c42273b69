/** What an audit log tells of: acts on databases as wholes, on nodes and on API keys; or `any` refused request. */
export type AuditAction =
  | 'createDatabase'
  | 'deleteDatabase'
  | 'dropTable'
  | 'hibernateDatabase'
  | 'wakeDatabase'
  | 'importDatabase'
  | 'setReplication'
  | 'recoverDatabase'
  | 'drainNode'
  | 'forgetNode'
  | 'createKey'
  | 'revokeKey'
  | 'access'

/** One administrative act, or one refused attempt. Never secrets, never tenant data: names and ids only. */
export interface AuditEntry {
  readonly action: AuditAction
  /** `refused`: not allowed, nothing was done; `failed`: allowed, and it did not come about, or nobody knows. */
  readonly outcome: 'done' | 'refused' | 'failed'
  /** The error's code, unless it was done. */
  readonly code?: string | undefined
  /** The client protocol's name of what was asked; absent where the request could not be read. */
  readonly operation?: string | undefined
  /** App and subject of the credential; for one that was refused the id of the key that it claimed to be. */
  readonly app?: string | undefined
  readonly subject?: string | undefined
  /** The app's own name of the database. */
  readonly database?: string | undefined
  /** Id of the API key that was made or ended. */
  readonly key?: string | undefined
  /** Peer id of the node that the act is about. */
  readonly node?: string | undefined
  readonly requestId?: string | undefined
  /** Peer id that the request came from: an application's or a gateway's. */
  readonly from: string
  /** Refused attempts that were counted and not told since the last one. */
  readonly suppressed?: number | undefined
}

/** Where audit entries go. Never throws, never waits. */
export interface AuditLog {
  record(entry: AuditEntry): void
}
