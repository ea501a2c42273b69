import { DbClusterError, type NodeMessageOf } from '@dbcluster/protocol'
import type { CoreContext } from './context.js'

interface OpenDeletion {
  readonly name: string
  readonly generation: number
  /** The epoch whose acceptors are asked; votes of another one don't count. */
  readonly epoch: number
  readonly votes: ReadonlySet<string>
  readonly deadlineMs: number
  readonly resendMs: number
}

/** Ends databases: a tombstone that a majority of the acceptors remembers before anybody acts on it. */
export class Deletions {
  readonly #context: CoreContext
  readonly #open = new Map<string, OpenDeletion>()

  constructor(context: CoreContext) {
    this.#context = context
  }

  ask(askId: string, name: string): void {
    const record = this.#context.usable(name)
    if (record === undefined) {
      const error = new DbClusterError('DATABASE_NOT_FOUND', `there is no database ${name} to delete`, {
        hint: 'GET /v1/database/list shows the databases of this app',
      })
      return this.#context.emit({ type: 'answer', askId, result: { ok: false, error } })
    }
    const { nowMs, config } = this.#context
    this.#open.set(askId, {
      name,
      generation: record.decree.generation,
      epoch: 0,
      votes: new Set(),
      deadlineMs: nowMs + config.creationTimeoutMs,
      resendMs: 0,
    })
    this.#send(askId)
  }

  onResponse(from: string, message: NodeMessageOf<'DATABASE_DELETE_RESPONSE'>): void {
    const [askId = '', epoch] = message.requestId.split('@')
    const open = this.#open.get(askId)
    if (open === undefined || !message.done) return
    if (open.epoch !== Number(epoch) || open.epoch !== this.#context.roster?.epoch) return
    const votes = new Set([...open.votes, from])
    this.#open.set(askId, { ...open, votes })
    if (this.#context.isMajority(votes.size)) this.#finish(askId, open)
  }

  tick(): void {
    const { nowMs, config } = this.#context
    for (const [askId, open] of [...this.#open]) {
      if (nowMs >= open.deadlineMs) {
        this.#open.delete(askId)
        const error = new DbClusterError(
          'TIMEOUT',
          `deleting ${open.name} was confirmed by ${open.votes.size} nodes within ${config.creationTimeoutMs} ms, which is no majority`,
          {
            hint: 'bring the nodes of the network back and delete again; it may already be on its way',
          },
        )
        this.#context.emit({ type: 'answer', askId, result: { ok: false, error } })
      } else if (nowMs >= open.resendMs) this.#send(askId)
    }
  }

  nextDeadlineMs(): number {
    return Math.min(
      ...[...this.#open.values()].map((open) => Math.min(open.resendMs, open.deadlineMs)),
      Number.POSITIVE_INFINITY,
    )
  }

  #send(askId: string): void {
    const open = this.#open.get(askId)
    const { roster, nowMs, config } = this.#context
    const record = open === undefined ? undefined : this.#context.table.database(open.name)
    if (open === undefined || roster === undefined || record === undefined) return
    if (record.deleted || record.decree.generation > open.generation) return this.#finish(askId, open)
    const votes = open.epoch === roster.epoch ? open.votes : new Set<string>()
    this.#open.set(askId, { ...open, epoch: roster.epoch, votes, resendMs: nowMs + config.retryMs })
    this.#context.sendToRoster({
      type: 'DATABASE_DELETE_REQUEST',
      name: open.name,
      generation: open.generation,
      epoch: roster.epoch,
      requestId: `${askId}@${roster.epoch}`,
      record,
    })
  }

  #finish(askId: string, open: OpenDeletion): void {
    this.#open.delete(askId)
    const before = this.#context.table.database(open.name)
    const current = before !== undefined && before.decree.generation === open.generation && !before.deleted
    const tombstone = current ? this.#context.table.putTombstone(open.name) : undefined
    if (tombstone !== undefined) this.#context.keep([tombstone], { directly: this.#context.liveMembers() })
    const record = tombstone ?? before
    if (record !== undefined)
      this.#context.emit({ type: 'answer', askId, result: { ok: true, record, created: false } })
  }
}
