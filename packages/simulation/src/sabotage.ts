import type { CoordinatorEffect, CoordinatorEvent } from '@dbcluster/coordinator'
import type { SimNode } from './sim-node.js'

/**
 * A fault of the code, planted between a core and its shell: what the core is told, or what it wants done, is not what it
 * should be. The contract of events and effects outlives the code behind it, and so do faults that are said in its words.
 */
export interface Sabotage {
  /** What the core is told in place of an event. */
  readonly events?: (node: SimNode, event: CoordinatorEvent) => readonly CoordinatorEvent[]
  /** What the shell performs in place of the effects of one step. */
  readonly effects?: (node: SimNode, effects: readonly CoordinatorEffect[]) => readonly CoordinatorEffect[]
  /** The query path acknowledges writes that the leader has only appended. */
  readonly answersEarly?: boolean
}

/** Nothing is wrong. */
export const NO_SABOTAGE: Sabotage = {}
