import type { StopRecord } from '@dbcluster/protocol'
import type { ReplicaStart } from '../events.js'
import type { WakeReport } from './life.js'

/** What is known when a waking replica looks how to start. */
export interface WakeSituation {
  /** Raft ids of all replicas, ours included. */
  readonly voters: readonly string[]
  readonly own: WakeReport
  readonly reports: readonly WakeReport[]
  /** Other replicas that serve in this run already. */
  readonly active: number
  /** Nobody more will report soon: the others did, or are out of reach, or have had their time. */
  readonly complete: boolean
}

/**
 * How a waking replica starts; undefined while it has to wait.
 * - Enough replicas are where Raft's configuration has them: they come up as they were. One that moved waits until the
 *   others serve, and joins them under its new address.
 * - Too few are, everybody reported, and all stopped at the same index: each takes the new addresses (I6).
 * - Else, once no more reports will come: those that have kept their ports start, and one that moved, if it completes a
 *   majority: it reaches the others, who do not reach it, and so becomes the leader.
 * - Otherwise waiting is all that helps: for the others, or for the old ports. The stop record is kept that long.
 */
export const decideWake = (situation: WakeSituation): ReplicaStart | undefined => {
  const { voters, own, reports, active, complete } = situation
  const majority = Math.floor(voters.length / 2) + 1
  const kept = [own, ...reports].filter((report) => report.kept).length
  if (own.kept && kept >= majority) return { kind: 'restart' }
  if (!own.kept && active >= majority) {
    // Those that serve are asked where, and will say so.
    return reports.length === 0 ? undefined : { kind: 'rejoin', addresses: reports.map(hostAndPort) }
  }
  const recovery = agreedRecovery(situation) ?? (kept < majority ? commonRecovery(situation) : undefined)
  if (recovery !== undefined) return { kind: 'recover', peers: recovery }
  if (!complete) return undefined
  if (own.kept) return kept + 1 >= majority ? { kind: 'restart' } : undefined
  return kept < majority && kept + 1 >= majority ? { kind: 'restart' } : undefined
}

const hostAndPort = ({ address: { host, raftPort } }: WakeReport): string =>
  host.includes(':') ? `[${host}]:${raftPort}` : `${host}:${raftPort}`

/** Everybody is here, stopped, and stopped at one and the same index. */
const commonRecovery = ({ voters, own, reports }: WakeSituation): StopRecord['voters'] | undefined => {
  const all = [own, ...reports]
  const ids = new Set(all.map((report) => report.address.raftId))
  if (ids.size !== voters.length || !voters.every((id) => ids.has(id))) return undefined
  const record = own.stopRecord
  if (record === undefined || record.voters.length !== voters.length) return undefined
  if (!record.voters.every(({ id }) => ids.has(id))) return undefined
  if (!all.every(({ stopRecord }) => stopRecord !== undefined && stoppedAlike(stopRecord, record))) return undefined
  return all
    .map((report) => ({ id: report.address.raftId, address: hostAndPort(report) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Another one recovers already: whoever stopped where it did does so with the same addresses. */
const agreedRecovery = ({ own, reports }: WakeSituation): StopRecord['voters'] | undefined => {
  const { stopRecord } = own
  if (stopRecord === undefined) return undefined
  const mine = hostAndPort(own)
  return reports.find(({ recovery }) =>
    recovery?.some(({ id, address }) => id === own.address.raftId && address === mine),
  )?.recovery
}

const stoppedAlike = (a: StopRecord, b: StopRecord): boolean =>
  a.clusterId === b.clusterId && a.run === b.run && a.lastIndex === b.lastIndex && a.lastTerm === b.lastTerm
