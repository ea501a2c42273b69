import { compareBallots, compareText, type DatabaseRecord } from '@dbcluster/protocol'
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
  (a.placement?.epoch ?? 0) - (b.placement?.epoch ?? 0) ||
  compareCanonical([a.decree, a.placement ?? null], [b.decree, b.placement ?? null])

/** The core of a record. */
export const coreOf = ({ decree, deleted, established, placement }: DatabaseRecord): DatabaseCore => ({
  decree,
  deleted,
  established,
  ...(placement === undefined ? {} : { placement }),
})
