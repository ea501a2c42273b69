import { parseApiKey } from '@dbcluster/auth'
import type {
  AuditAction,
  AuditEntry,
  AuditLog,
  ClientRequest,
  ClientResponse,
  OperationName,
  Principal,
} from '@dbcluster/protocol'

/** What is known of a request when its answer is there; absent parts could not be read. */
export interface Call {
  readonly from: string
  readonly request?: ClientRequest | undefined
  readonly principal?: Principal | undefined
  readonly hops: number
}

/** Refused attempts that are told in a second; a flood of them is counted instead. */
const REFUSALS_PER_SECOND = 20

/** Which operations are acts of administration: total, so that each new one is thought about. A creation is told where it happens. */
const ACTIONS: Readonly<Record<OperationName, AuditAction | undefined>> = {
  open: undefined,
  query: undefined,
  execute: undefined,
  batch: undefined,
  transaction: undefined,
  schema: undefined,
  createTable: undefined,
  dropTable: 'dropTable',
  list: undefined,
  status: undefined,
  hibernate: 'hibernateDatabase',
  wake: 'wakeDatabase',
  delete: 'deleteDatabase',
  networkStatus: undefined,
  locate: undefined,
  setReplication: 'setReplication',
  recover: 'recoverDatabase',
  drainNode: 'drainNode',
  forgetNode: 'forgetNode',
  createKey: 'createKey',
  listKeys: undefined,
  revokeKey: 'revokeKey',
}

const REFUSALS: ReadonlySet<string> = new Set(['UNAUTHENTICATED', 'FORBIDDEN'])

/** Decides what of a node's requests goes into the audit log: on the node that the application asked, and only there. */
export class AuditTrail {
  readonly #log: AuditLog
  readonly #nowMs: () => number
  #second = 0
  #refusals = 0
  #suppressed = 0

  constructor(log: AuditLog, nowMs: () => number) {
    this.#log = log
    this.#nowMs = nowMs
  }

  /** A request has its answer. */
  answered(call: Call, response: ClientResponse): void {
    if (call.hops > 0) return
    const action = call.request === undefined ? undefined : ACTIONS[call.request.operation.op]
    const code = response.ok ? undefined : response.error.code
    if (code !== undefined && REFUSALS.has(code)) return this.#refused(call, action ?? 'access', code)
    if (action === undefined) return
    const key = response.ok ? (response.result as { readonly key?: { readonly id: string } }).key?.id : undefined
    this.#log.record({ ...aboutOf(call), action, outcome: code === undefined ? 'done' : 'failed', code, key })
  }

  /** A database was made on behalf of this request, or was to be. */
  creation(call: Call, code?: string): void {
    const outcome = code === undefined ? 'done' : code === 'QUOTA_EXCEEDED' ? 'refused' : 'failed'
    this.#log.record({ ...aboutOf(call), action: 'createDatabase', outcome, code })
  }

  #refused(call: Call, action: AuditAction, code: string): void {
    const second = Math.floor(this.#nowMs() / 1_000)
    if (second !== this.#second) [this.#second, this.#refusals] = [second, 0]
    this.#refusals += 1
    if (this.#refusals > REFUSALS_PER_SECOND) {
      this.#suppressed += 1
      return
    }
    const suppressed = this.#suppressed === 0 ? undefined : this.#suppressed
    this.#suppressed = 0
    this.#log.record({ ...aboutOf(call), action, outcome: 'refused', code, suppressed })
  }
}

type About = Pick<AuditEntry, 'operation' | 'app' | 'subject' | 'database' | 'key' | 'node' | 'requestId' | 'from'>

const aboutOf = ({ from, request, principal }: Call): About => {
  const operation = request?.operation
  return {
    operation: operation?.op,
    app: principal?.app,
    subject: principal?.subject ?? claimedKey(request?.credential),
    database:
      operation !== undefined && 'database' in operation ? operation.database.slice(0, DATABASE_MAX_CHARS) : undefined,
    key: operation !== undefined && 'id' in operation ? operation.id : undefined,
    node: operation !== undefined && 'peerId' in operation ? operation.peerId : undefined,
    requestId: request?.requestId,
    from,
  }
}

/** Longer ones are no names, and were refused. */
const DATABASE_MAX_CHARS = 80

/** The id half of a key is no secret, and tells which one leaked or was mistyped. */
const claimedKey = (credential: string | undefined): string | undefined => {
  const id = credential === undefined ? undefined : parseApiKey(credential)?.id
  return id === undefined ? undefined : `unproven key:${id}`
}
