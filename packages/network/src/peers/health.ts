import { BOUNDS } from '../bounds.js'

export type HealthState = 'healthy' | 'suspect' | 'unhealthy'

/** What is concluded about one peer. */
export interface HealthRecord {
  readonly state: HealthState
  /** Checks missed in a row. */
  readonly missed: number
}

/** `answered`: a check came back; `missed`: it didn't in time, or there is no connection; `disconnected`: the last connection closed. */
export type HealthEvent = 'answered' | 'missed' | 'disconnected'

/** Nothing is known yet: no reason to rely on the peer, none to replace it. */
export const UNKNOWN_HEALTH: HealthRecord = { state: 'suspect', missed: 0 }

/** What one event makes of a record. Pure. A closed connection is a hint; only missed checks make a peer unhealthy. */
export const nextHealth = (record: HealthRecord, event: HealthEvent): HealthRecord => {
  switch (event) {
    case 'answered':
      return { state: 'healthy', missed: 0 }
    case 'disconnected':
      return record.state === 'healthy' ? { state: 'suspect', missed: record.missed } : record
    case 'missed': {
      const missed = record.missed + 1
      return { state: missed >= BOUNDS.missedHealthChecks ? 'unhealthy' : 'suspect', missed }
    }
  }
}

/** How long a check may take: no longer than the time to the next one. */
export const checkTimeoutMs = (intervalMs: number): number => Math.min(intervalMs, BOUNDS.healthCheckTimeoutMs)

/**
 * What a check that wasn't answered within its time means. Nothing, when this process itself stood still (a paused
 * machine, a blocked event loop): the answer may lie unread. An answer, when other frames came from the peer meanwhile.
 */
export const judgeUnanswered = (check: {
  readonly timeoutMs: number
  readonly tookMs: number
  readonly heardMeanwhile: boolean
}): HealthEvent | undefined => {
  if (check.heardMeanwhile) return 'answered'
  const stoodStill = check.tookMs > check.timeoutMs + Math.max(500, check.timeoutMs / 2)
  return stoodStill ? undefined : 'missed'
}
