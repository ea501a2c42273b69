import type { Hosted } from './hosted.js'

/**
 * A try to join is over for certain: the leader gives a change of members up after 10 s, and what was said of Raft's
 * configuration before that has arrived.
 */
const OVER_MS = 20_000
/** No try takes so long, in whatever profile: what has not said by then how it ended is not trying. */
const LONGEST_MS = 180_000

/** A try begins. */
export const UNTRIED = { triedMs: undefined, unwantedMs: undefined } as const

/** Its rqlited is up, or gave up: where it was told to join, that try has ended. */
export const noteTried = (hosted: Hosted, nowMs: number): Hosted =>
  hosted.role === 'joining' ? { ...hosted, triedMs: hosted.triedMs ?? nowMs } : hosted

/** Its leader says that it is no member; from then on it tries no more by itself. */
export const noteUnwanted = (hosted: Hosted, nowMs: number): Hosted => ({
  ...hosted,
  unwantedMs: hosted.unwantedMs ?? nowMs,
})

/**
 * Whether what a leader says, that it is no member, can be relied upon. One that was told to join may get in right after
 * somebody saw that it had not (I5); it is said again with every look at Raft.
 */
export const isTryOver = ({ role, triedMs, unwantedMs }: Hosted, nowMs: number): boolean =>
  role !== 'joining' ||
  nowMs >= (triedMs ?? Number.POSITIVE_INFINITY) + OVER_MS ||
  nowMs >= (unwantedMs ?? nowMs) + LONGEST_MS

/** It is a member now. */
export const asMember = ({ role: _, joinAddresses: __, triedMs: ___, unwantedMs: ____, ...member }: Hosted): Hosted =>
  member
