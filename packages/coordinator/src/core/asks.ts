import {
  type DatabaseRecord,
  DbClusterError,
  fromErrorBody,
  type NodeMessageOf,
  toErrorBody,
} from '@dbcluster/protocol'
import type { CoreContext } from './context.js'
import type { Asker, CreationOutcome } from './creation/creation-askers.js'
import { notAdmitted, overloaded } from './creation/creation-errors.js'

/** Names that local callers may be waiting for at once. */
const MAX_OPEN_ASKS = 10_000

interface OpenAsk {
  readonly askIds: readonly string[]
  readonly attempt: number
  readonly deadlineMs: number
  readonly nextAttemptMs: number
}

/**
 * Local callers who need a database. Nobody coordinates for long: the lowest live peer id with room is asked, and when
 * it stays silent the next one, with a higher ballot.
 */
export class Asks {
  readonly #context: CoreContext
  readonly #open = new Map<string, OpenAsk>()

  constructor(context: CoreContext) {
    this.#context = context
  }

  ensure(askId: string, name: string): void {
    const record = this.#context.usable(name)
    if (record !== undefined)
      return this.#context.emit({ type: 'answer', askId, result: { ok: true, record, created: false } })
    const open = this.#open.get(name)
    if (open !== undefined) return void this.#open.set(name, { ...open, askIds: [...open.askIds, askId] })
    const refusal = this.#refusal(name)
    if (refusal !== undefined)
      return this.#context.emit({ type: 'answer', askId, result: { ok: false, error: refusal } })
    const deadlineMs = this.#context.nowMs + this.#context.config.creationTimeoutMs
    this.#attempt(name, { askIds: [askId], attempt: 0, deadlineMs, nextAttemptMs: 0 })
  }

  onResult(message: NodeMessageOf<'DATABASE_CREATE_RESULT'>): void {
    if (message.record !== undefined) this.#context.merge([message.record])
    // The error of an earlier ask says nothing about this one.
    const current = this.#open.get(message.name)?.askIds[0] === message.askId
    if (message.error !== undefined && current) this.#close(message.name, fromErrorBody(message.error))
  }

  onRecord(record: DatabaseRecord): void {
    if (record.established && !record.deleted) this.#close(record.name, record)
  }

  /** The local coordinator finished for us. */
  onLocalResult(name: string, outcome: CreationOutcome): void {
    this.#close(name, 'record' in outcome ? outcome.record : outcome.error)
  }

  tick(): void {
    const { nowMs } = this.#context
    for (const [name, open] of [...this.#open]) {
      if (nowMs >= open.deadlineMs) this.#close(name, this.#timedOut(name, open))
      else if (nowMs >= open.nextAttemptMs) this.#attempt(name, { ...open, attempt: open.attempt + 1 })
    }
  }

  nextDeadlineMs(): number {
    const deadlines = [...this.#open.values()].map((open) => Math.min(open.deadlineMs, open.nextAttemptMs))
    return Math.min(...deadlines, Number.POSITIVE_INFINITY)
  }

  #attempt(name: string, open: OpenAsk): void {
    const coordinator = this.#coordinator(open.attempt)
    const { config, nowMs } = this.#context
    this.#open.set(name, { ...open, nextAttemptMs: nowMs + config.successorAfterMs * (1 + open.attempt) })
    const askId = open.askIds[0] ?? name
    this.#context.send(coordinator, { type: 'DATABASE_CREATE_ASK', name, askId, attempt: open.attempt })
  }

  /** The lowest eligible peer id; each further attempt takes the next, round and round. */
  #coordinator(attempt: number): string {
    const members = (this.#context.roster?.members ?? []).map((member) => member.peerId)
    const live = members.filter((peerId) => this.#context.isLive(peerId))
    const roomy = live.filter((peerId) => {
      const info = this.#context.table.node(peerId)?.info.value
      return info === undefined || info.databases < info.maxDatabases
    })
    const eligible = roomy.length > 0 ? [...roomy, ...live.filter((peerId) => !roomy.includes(peerId))] : live
    return eligible[attempt % Math.max(1, eligible.length)] ?? this.#context.self.peerId
  }

  #refusal(name: string): DbClusterError | undefined {
    if (!this.#context.admitted) return notAdmitted(name)
    const full = this.#open.size >= MAX_OPEN_ASKS
    return full ? overloaded('databases are being created through this node', MAX_OPEN_ASKS) : undefined
  }

  #timedOut(name: string, open: OpenAsk): DbClusterError {
    return new DbClusterError(
      'CREATION_FAILED',
      `creating ${name} took longer than ${this.#context.config.creationTimeoutMs} ms (${open.attempt + 1} coordinators asked)`,
      {
        hint: 'look at GET /v1/network/status and at the nodes’ logs; the next request goes on from what was decided',
      },
    )
  }

  #close(name: string, outcome: DatabaseRecord | DbClusterError): void {
    const open = this.#open.get(name)
    if (open === undefined) return
    this.#open.delete(name)
    for (const askId of open.askIds) {
      const result =
        outcome instanceof DbClusterError
          ? { ok: false as const, error: outcome }
          : { ok: true as const, record: outcome, created: true }
      this.#context.emit({ type: 'answer', askId, result })
    }
  }
}

/** The message that tells another node how the creation it asked for ended. */
export const resultMessage = (
  asker: Asker,
  name: string,
  outcome: CreationOutcome,
): NodeMessageOf<'DATABASE_CREATE_RESULT'> => {
  const base = { type: 'DATABASE_CREATE_RESULT', name, askId: asker.askId } as const
  if ('record' in outcome) return { ...base, record: outcome.record }
  const { code, message, hint } = toErrorBody(outcome.error)
  return { ...base, error: { code, message, ...(hint === undefined ? {} : { hint }) } }
}
