import { DbClusterError, type NodeMessageOf } from '@dbcluster/protocol'
import type { CoreContext } from '../context.js'
import type { AskResult } from '../events.js'

interface OpenDeletion {
  /** Whom to answer; nobody when an unfinished deletion is completed. */
  readonly askId?: string
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
  /** Ends that were without a tombstone when last looked at: whoever asked for them has had time to finish. */
  #suspects = new Set<string>()
  #nextCheckMs = 0
  #completed = 0

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
    this.#begin(askId, { name, generation: record.decree.generation, askId })
  }

  onResponse(from: string, message: NodeMessageOf<'DATABASE_DELETE_RESPONSE'>): void {
    const [key = '', epoch] = message.requestId.split('@')
    const open = this.#open.get(key)
    if (open === undefined || !message.done) return
    if (open.epoch !== Number(epoch)) return
    const votes = new Set([...open.votes, from])
    this.#open.set(key, { ...open, votes })
    if (this.#context.isMajority(votes.size, open.epoch)) this.#finish(key, open)
  }

  tick(): void {
    const { nowMs, config } = this.#context
    if (nowMs >= this.#nextCheckMs) this.#completeUnfinished()
    for (const [key, open] of [...this.#open]) {
      if (nowMs >= open.deadlineMs) {
        this.#open.delete(key)
        const error = new DbClusterError(
          'TIMEOUT',
          `deleting ${open.name} was confirmed by ${open.votes.size} nodes within ${config.creationTimeoutMs} ms, which is no majority`,
          {
            hint: 'bring the nodes of the network back and delete again; it may already be on its way',
          },
        )
        this.#answer(open, { ok: false, error })
      } else if (nowMs >= open.resendMs) this.#send(key)
    }
  }

  nextDeadlineMs(): number {
    return Math.min(
      this.#context.ended.size === 0 ? Number.POSITIVE_INFINITY : this.#nextCheckMs,
      ...[...this.#open.values()].map((open) => Math.min(open.resendMs, open.deadlineMs)),
    )
  }

  /**
   * An acceptor remembers an end, and the record still lives: whoever asked died, or lost the tombstone with its disk.
   * The deletion was asked for, so it is completed.
   */
  #completeUnfinished(): void {
    const { nowMs, config, turn, ended, acceptors, table, admitted } = this.#context
    this.#nextCheckMs = nowMs + config.abandonMs * (1 + 0.6 * turn)
    const before = this.#suspects
    this.#suspects = new Set()
    for (const name of [...ended]) {
      const generation = acceptors.get(name)?.generation ?? 0
      const record = table.database(name)
      if (record === undefined) continue
      if (record.deleted || record.decree.generation > generation) ended.delete(name)
      else if (!before.has(name) || !admitted) this.#suspects.add(name)
      else {
        this.#completed += 1
        this.#begin(`ended-${this.#completed}`, { name, generation })
      }
    }
  }

  #begin(key: string, of: Pick<OpenDeletion, 'name' | 'generation' | 'askId'>): void {
    const deadlineMs = this.#context.nowMs + this.#context.config.creationTimeoutMs
    this.#open.set(key, { ...of, epoch: 0, votes: new Set(), deadlineMs, resendMs: 0 })
    this.#send(key)
  }

  #answer(open: OpenDeletion, result: AskResult): void {
    if (open.askId !== undefined) this.#context.emit({ type: 'answer', askId: open.askId, result })
  }

  #send(key: string): void {
    const open = this.#open.get(key)
    const { roster, nowMs, config } = this.#context
    const record = open === undefined ? undefined : this.#context.table.database(open.name)
    if (open === undefined || roster === undefined || record === undefined) return
    if (record.deleted || record.decree.generation > open.generation) return this.#finish(key, open)
    const votes = open.epoch === roster.epoch ? open.votes : new Set<string>()
    this.#open.set(key, { ...open, epoch: roster.epoch, votes, resendMs: nowMs + config.retryMs })
    this.#context.sendToRoster({
      type: 'DATABASE_DELETE_REQUEST',
      name: open.name,
      generation: open.generation,
      epoch: roster.epoch,
      requestId: `${key}@${roster.epoch}`,
      record,
    })
  }

  #finish(key: string, open: OpenDeletion): void {
    this.#open.delete(key)
    const before = this.#context.table.database(open.name)
    const current = before !== undefined && before.decree.generation === open.generation && !before.deleted
    const tombstone = current ? this.#context.table.putTombstone(open.name) : undefined
    if (tombstone !== undefined) this.#context.keep([tombstone], { directly: this.#context.liveMembers() })
    const record = tombstone ?? before
    if (record !== undefined) this.#answer(open, { ok: true, record, created: false })
  }
}
