/** Raft's and joining's times, all in milliseconds. */
export interface ReplicaTiming {
  /** Time without the leader's word after which a follower stands for election. */
  readonly heartbeatMs: number
  /** Time in which a candidate must win; at least `heartbeatMs`. */
  readonly electionMs: number
  /** Time without a majority after which a leader steps down; at most `heartbeatMs`. */
  readonly leaderLeaseMs: number
  /** Time between attempts to join. */
  readonly joinIntervalMs: number
  /** Time limit of joining; rqlited exits when it is over. */
  readonly joinLimitMs: number
}

export type TimingProfile = 'local' | 'lan' | 'wan'

/**
 * - `local`: one machine or rack. A lost leader is replaced in about half a second; under heavy CPU load elections come
 *   without need.
 * - `lan`: rqlite's own defaults, for several machines in one data centre.
 * - `wan`: between data centres, for round trips up to some 200 ms.
 */
export const TIMING_PROFILES: Readonly<Record<TimingProfile, ReplicaTiming>> = {
  local: { heartbeatMs: 200, electionMs: 200, leaderLeaseMs: 200, joinIntervalMs: 50, joinLimitMs: 10_000 },
  lan: { heartbeatMs: 1_000, electionMs: 1_000, leaderLeaseMs: 500, joinIntervalMs: 200, joinLimitMs: 20_000 },
  wan: { heartbeatMs: 4_000, electionMs: 4_000, leaderLeaseMs: 2_000, joinIntervalMs: 1_000, joinLimitMs: 60_000 },
}

/** The times of a profile, or the given ones. */
export const timingOf = (timing: TimingProfile | ReplicaTiming): ReplicaTiming =>
  typeof timing === 'string' ? TIMING_PROFILES[timing] : timing
