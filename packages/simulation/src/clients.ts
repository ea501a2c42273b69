import type { AskResult } from '@dbcluster/coordinator'
import type { SimNode } from './sim-node.js'
import type { World } from './world.js'

/** One wish of an application, through as many asks as it takes. */
export interface Wish {
  readonly kind: 'ensure' | 'delete'
  readonly name: string
  /** Ends with the first success, or when nobody retries any more. */
  done: boolean
  asks: number
  result: AskResult | undefined
  /** When it was done, virtual milliseconds. */
  doneMs: number | undefined
}

interface OpenAsk {
  readonly wish: Wish
  readonly node: SimNode
  readonly askedMs: number
}

/** Applications: they ask some node, and ask again elsewhere after an error or when the node died. */
export class Clients {
  /** While set, failed wishes are tried again. */
  patient = true
  readonly wishes: Wish[] = []
  readonly #world: World
  readonly #open = new Map<string, OpenAsk>()
  #count = 0

  constructor(world: World) {
    this.#world = world
    world.monitor.onAnswer = (_node, { askId, result }) => this.#answered(askId, result)
    world.monitor.onCrash = (node) => this.#nodeDied(node)
  }

  ensure(name: string, via?: SimNode): Wish {
    return this.#wish('ensure', name, via)
  }

  delete(name: string, via?: SimNode): Wish {
    this.#world.monitor.outcomes.deleteAsked(name)
    return this.#wish('delete', name, via)
  }

  get allDone(): boolean {
    return this.wishes.every((wish) => wish.done)
  }

  /** Asks that a node which works has not answered, by age. */
  openAsks(): { readonly wish: Wish; readonly node: SimNode; readonly ageMs: number }[] {
    const { nowMs } = this.#world
    return [...this.#open.values()].map(({ wish, node, askedMs }) => ({ wish, node, ageMs: nowMs - askedMs }))
  }

  #wish(kind: Wish['kind'], name: string, via: SimNode | undefined): Wish {
    const wish: Wish = { kind, name, done: false, asks: 0, result: undefined, doneMs: undefined }
    if (!this.#world.plan.admits('wish')) return { ...wish, done: true }
    this.wishes.push(wish)
    this.#ask(wish, via)
    return wish
  }

  #ask(wish: Wish, via?: SimNode): void {
    const candidates = this.#world.nodes.filter((node) => node.alive)
    const node = via?.alive ? via : candidates.length > 0 ? this.#world.random.pick(candidates) : undefined
    if (node === undefined) return this.#again(wish)
    this.#count += 1
    wish.asks += 1
    const askId = `${wish.kind}-${this.#count}`
    this.#open.set(askId, { wish, node, askedMs: this.#world.nowMs })
    node.dispatch(
      wish.kind === 'ensure'
        ? { type: 'ensureAsked', askId, name: wish.name }
        : { type: 'deleteAsked', askId, name: wish.name },
    )
  }

  #answered(askId: string, result: AskResult): void {
    const open = this.#open.get(askId)
    if (open === undefined) return this.#world.monitor.fail('one answer', `${askId} was answered twice`)
    this.#open.delete(askId)
    const { wish } = open
    wish.result = result
    const over = result.ok || (wish.kind === 'delete' && result.error.code === 'DATABASE_NOT_FOUND')
    if (over) this.#finish(wish)
    else this.#again(wish)
  }

  #nodeDied(node: SimNode): void {
    for (const [askId, open] of [...this.#open]) {
      if (open.node !== node) continue
      this.#open.delete(askId)
      this.#again(open.wish)
    }
  }

  #again(wish: Wish): void {
    if (!this.patient) return this.#finish(wish)
    this.#world.schedule.after(this.#world.random.between(100, 1_500), () => {
      if (this.patient) this.#ask(wish)
      else this.#finish(wish)
    })
  }

  #finish(wish: Wish): void {
    wish.done = true
    wish.doneMs = this.#world.nowMs
  }
}
