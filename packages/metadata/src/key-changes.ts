import type { KeyGrant, KeyRecord } from '@dbcluster/protocol'
import { compareCanonical } from './canonical.js'
import { EMPTY_CLOCK, incrementClock } from './clock.js'

/**
 * The total order of grants: one beats none, then their texts decide. Ids follow from secrets, so two grants of one id
 * only meet when somebody writes what no node should; that they merge alike everywhere must hold all the same.
 */
export const compareGrants = (a: KeyGrant | undefined, b: KeyGrant | undefined): number => {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined)
  return compareCanonical(a, b)
}

/** A new key; an id that is known already stays as it is, revoked or not. */
export const withGrant = (record: KeyRecord | undefined, actor: string, id: string, grant: KeyGrant): KeyRecord =>
  record ?? { kind: 'key', id, grant, revoked: false, clock: incrementClock(EMPTY_CLOCK, actor) }

/** Ends a key for good, also one that no record knows; one that is revoked already stays as it is. */
export const withRevocation = (record: KeyRecord | undefined, actor: string, id: string): KeyRecord => {
  if (record?.revoked === true) return record
  const clock = incrementClock(record?.clock ?? EMPTY_CLOCK, actor)
  return { ...(record ?? { kind: 'key', id }), revoked: true, clock }
}
