import type { Level } from '../history/event.js'
import type { Random } from '../random.js'
import type { ClientInvocation } from './perform.js'

/** Writes to one register or list until another takes its place: it keeps histories short enough to be judged. */
const WRITES_PER_KEY = 250
/** Things of each kind that are in use at once, per database. */
const REGISTERS = 2
const LISTS = 2
const AMOUNT_MAX = 30
const LEVELS: readonly Level[] = ['none', 'weak', 'weak', 'linearizable', 'strong', 'strong']

/** Settings of the choices. */
export interface ChoicesInit {
  readonly databases: readonly string[]
  readonly accounts: number
  /** Banks of each database; each is in use for the same share of the run. */
  readonly banks: number
  /** How much of the run is over, from 0 to 1. */
  readonly share: () => number
}

interface Keys {
  readonly names: string[]
  readonly writes: number[]
}

/** What clients do next, and everything they have ever done something to. */
export class Choices {
  readonly #init: ChoicesInit
  readonly #keys = new Map<string, Keys>()
  readonly #lastSeen = new Map<string, number>()
  #next = 1

  constructor(init: ChoicesInit) {
    this.#init = init
  }

  next(random: Random, database: string): ClientInvocation {
    const level = random.pick(LEVELS)
    switch (random.integer(0, 9)) {
      case 0:
      case 1:
        return this.#write(random, this.#key(database, 'register', random, true))
      case 2:
      case 3:
        return { f: 'register.read', key: this.#key(database, 'register', random, false), level }
      case 4:
      case 5:
        return { f: 'list.append', key: this.#key(database, 'list', random, true), value: this.#value() }
      case 6:
        return { f: 'list.read', key: this.#key(database, 'list', random, false), level }
      case 7:
      case 8:
        return this.#transfer(random, database)
      default:
        return { f: random.chance(0.2) ? 'bank.audit' : 'bank.read', key: this.#bank(database), level }
    }
  }

  /** A value was seen in a register: a swap may build on it. */
  saw(key: string, value: number): void {
    this.#lastSeen.set(key, value)
  }

  /** Every register, list and bank that was in use. */
  get everything(): readonly { readonly f: 'register.read' | 'list.read' | 'bank.audit'; readonly key: string }[] {
    const { databases, banks } = this.#init
    return [
      ...[...this.#keys].flatMap(([kind, { names }]) =>
        names.map((key) => ({
          f: kind.endsWith('register') ? ('register.read' as const) : ('list.read' as const),
          key,
        })),
      ),
      ...databases.flatMap((database) =>
        Array.from({ length: banks }, (_, at) => ({ f: 'bank.audit' as const, key: `${database}/bank${at}` })),
      ),
    ]
  }

  #write(random: Random, key: string): ClientInvocation {
    const from = this.#lastSeen.get(key)
    const value = this.#value()
    if (from !== undefined && random.chance(0.3)) return { f: 'register.cas', key, value: [from, value] }
    return { f: 'register.write', key, value }
  }

  #transfer(random: Random, database: string): ClientInvocation {
    const { accounts } = this.#init
    const from = random.integer(0, accounts - 1)
    const to = (from + random.integer(1, accounts - 1)) % accounts
    const value = { id: this.#value(), from, to, amount: random.integer(1, AMOUNT_MAX) }
    return { f: 'bank.transfer', key: this.#bank(database), value }
  }

  #bank(database: string): string {
    const { banks, share } = this.#init
    return `${database}/bank${Math.min(banks - 1, Math.floor(share() * banks))}`
  }

  #key(database: string, kind: 'register' | 'list', random: Random, write: boolean): string {
    const id = `${database}/${kind}`
    const live = kind === 'register' ? REGISTERS : LISTS
    const keys = this.#keys.get(id) ?? { names: [], writes: [] }
    this.#keys.set(id, keys)
    const add = (): number => keys.writes.push(0) && keys.names.push(`${id}${keys.names.length}`)
    while (keys.names.length < live) add()
    const at = keys.names.length - live + random.integer(0, live - 1)
    const name = keys.names[at] as string
    if (write) {
      keys.writes[at] = (keys.writes[at] ?? 0) + 1
      if (keys.writes[at] === WRITES_PER_KEY) add()
    }
    return name
  }

  #value(): number {
    const value = this.#next
    this.#next += 1
    return value
  }
}
