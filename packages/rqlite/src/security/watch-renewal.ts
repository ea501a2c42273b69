import type { ReplicaSpec } from '../arguments/replica-spec.js'
import type { Clock } from '../process/clock.js'
import { CERTIFICATE_LIFETIME_MS } from './raft-authority.js'
import { certificateEnd } from './security-files.js'

/**
 * The last part of a certificate's life in which it is renewed, as shares of the whole. Where in it is chosen by chance,
 * so that the replicas of one database, which were made together, don't restart together.
 */
const RENEWAL_SHARES = { first: 0.4, last: 0.25 } as const
/** Timers of Node.js end at 24 days; and a clock may be set. */
const LOOK_EVERY_MS = 3_600_000

/**
 * Calls `renew` when the certificate of a running replica is due, and again every hour while that changed nothing.
 * @returns what ends that
 */
export const watchRenewal = (spec: ReplicaSpec, clock: Clock, renew: () => void): (() => void) => {
  if (spec.security === undefined) return () => undefined
  const lifetimeMs = spec.certificateLifetimeMs ?? CERTIFICATE_LIFETIME_MS
  const { first, last } = RENEWAL_SHARES
  const aheadMs = lifetimeMs * (last + (first - last) * Math.random())
  let ended = false
  let cancel = (): void => undefined

  const look = async (): Promise<void> => {
    // A file that isn't there or can't be read is made anew too.
    const endsAtMs = (await certificateEnd(spec.directory)) ?? 0
    if (ended) return
    const waitMs = endsAtMs - aheadMs - Date.now()
    if (waitMs <= 0) renew()
    if (ended) return
    cancel = clock.after(waitMs <= 0 ? LOOK_EVERY_MS : Math.min(waitMs, LOOK_EVERY_MS), () => void look(), true)
  }
  void look()
  return () => {
    ended = true
    cancel()
  }
}
