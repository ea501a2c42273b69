import { compareBallots, compareText, type DatabaseRecord, type Placement } from '@dbcluster/protocol'
import { compareCanonical } from './canonical.js'

/** What was decided about a database: the parts of its record that are only ever taken together. */
export type DatabaseCore = Pick<DatabaseRecord, 'decree' | 'deleted' | 'established' | 'placement'>

/**
 * The total order of cores: the later generation, its tombstone, an established cluster, the higher ballot, the later
 * membership; texts as the last resort. A placement so competes only within its own cluster. Being one total order is
 * what makes the maximum associative, whatever the input (DESIGN.md, "Databases").
 */
export const compareCores = (a: DatabaseCore, b: DatabaseCore): number =>
  a.decree.generation - b.decree.generation ||
  Number(a.deleted) - Number(b.deleted) ||
  Number(a.established) - Number(b.established) ||
  compareBallots(a.decree.ballot, b.decree.ballot) ||
  compareText(a.decree.clusterId, b.decree.clusterId) ||
  comparePlacements(a.placement, b.placement) ||
  compareCanonical([a.decree, a.placement ?? null], [b.decree, b.placement ?? null])

/** Which placement of one cluster is the later: an operator's recovery begins a new history, Raft's index orders each. */
export const comparePlacements = (a: Placement | undefined, b: Placement | undefined): number =>
  (a?.recovery ?? 0) - (b?.recovery ?? 0) || (a?.epoch ?? 0) - (b?.epoch ?? 0)

/** The core of a record. */
export const coreOf = ({ decree, deleted, established, placement }: DatabaseRecord): DatabaseCore => ({
  decree,
  deleted,
  established,
  ...(placement === undefined ? {} : { placement }),
})
