import type { Clients } from './clients.js'
import type { Faults } from './faults.js'
import type { Registers } from './registers.js'
import type { World, WorldInit } from './world.js'

/** What a scenario plays with. */
export interface Stage {
  readonly world: World
  readonly clients: Clients
  readonly faults: Faults
  /** Applications that query. */
  readonly registers: Registers
}

/** One kind of trouble. */
export interface Scenario {
  readonly name: string
  /** What it is about, one line. */
  readonly about: string
  /** The world it plays in; chance decides the rest. */
  readonly world: (pick: (low: number, high: number) => number) => Omit<WorldInit, 'seed'>
  /** Plays; what must hold at the end of every run is checked afterwards. */
  readonly play: (stage: Stage) => void
  /** Whether every wish must succeed once nothing goes wrong any more. @default true */
  readonly allSucceed?: boolean
}
