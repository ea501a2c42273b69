import type { StopRecord } from '@dbcluster/protocol'
import type { PortOffer, ReplicaStart } from '../events.js'
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
  /** The ports that another one's recovery gives us were sought. @default false */
  readonly sought?: boolean
}

/** Its rqlited starts; or it seeks the Raft address first under which another one expects it. */
export type WakeStep = ReplicaStart | ({ readonly kind: 'move' } & Pick<PortOffer, 'host' | 'raftPort'>)

/**
 * How a waking replica starts; undefined while it has to wait.
 * - Enough replicas are where Raft's configuration has them: they come up as they were. One that moved waits until the
 *   others serve, and joins them under its new address.
 * - Too few are, everybody reported, and all stopped at the same index: each takes the new addresses (I6).
 * - Another one did so already, and has us elsewhere: we go there first, and do alike if we still can. As we were, each would
 *   look for the other in vain; where it expects us it reaches us, whatever we know of it.
 * - Else, once no more reports will come: those that have kept their ports start, and one that moved, if it completes a
 *   majority: it reaches the others, who do not reach it, and so becomes the leader.
 * - Otherwise waiting is all that helps: for the others, or for the old ports. The stop record is kept that long.
 */
export const decideWake = (situation: WakeSituation): WakeStep | undefined => {
  const { own, reports, active, complete, sought = false } = situation
  const majority = majorityOf(situation)
  const kept = keptOf(situation)
  if (own.kept && kept >= majority) return { kind: 'restart' }
  if (!own.kept && active >= majority) {
    // Those that serve are asked where, and will say so.
    return reports.length === 0 ? undefined : { kind: 'rejoin', addresses: reports.map(hostAndPort) }
  }
  const agreed = agreedRecovery(situation)
  if (agreed !== undefined) return { kind: 'recover', peers: agreed }
  if (isExpectedHere(situation)) return { kind: 'restart' }
  const common = kept < majority ? commonRecovery(situation) : undefined
  const elsewhere = expectedElsewhere(situation)
  if (elsewhere !== undefined && !sought)
    return common !== undefined || complete ? { kind: 'move', ...elsewhere } : undefined
  if (common !== undefined) return { kind: 'recover', peers: common }
  if (!complete) return undefined
  if (own.kept) return kept + 1 >= majority && elsewhere === undefined ? { kind: 'restart' } : undefined
  return kept < majority && kept + 1 >= majority ? { kind: 'restart' } : undefined
}

/** Where another one that recovers looks for us, if that is on this host and no majority does without. */
export const expectedElsewhere = (situation: WakeSituation): Pick<PortOffer, 'host' | 'raftPort'> | undefined => {
  const majority = majorityOf(situation)
  const { address } = situation.own
  if (situation.active >= majority || keptOf(situation) >= majority) return undefined
  for (const { at } of begunRecoveries(situation)) {
    const here = { host: address.host, raftPort: Number(at.slice(at.lastIndexOf(':') + 1)) }
    if (here.raftPort !== address.raftPort && hostAndPort({ address: here }) === at) return here
  }
  return undefined
}

/** Whether another one that recovers looks for us where we are, on ports that are new to us. */
export const isExpectedHere = ({ own, reports }: Pick<WakeSituation, 'own' | 'reports'>): boolean =>
  !own.kept && begunRecoveries({ own, reports }).some(({ at }) => at === hostAndPort(own))

const majorityOf = ({ voters }: WakeSituation): number => Math.floor(voters.length / 2) + 1

const keptOf = ({ own, reports }: WakeSituation): number => [own, ...reports].filter(({ kept }) => kept).length

const hostAndPort = ({
  address: { host, raftPort },
}: {
  readonly address: Pick<PortOffer, 'host' | 'raftPort'>
}): string => (host.includes(':') ? `[${host}]:${raftPort}` : `${host}:${raftPort}`)

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
  const begun = begunRecoveries({ own, reports }).find(({ at }) => at === hostAndPort(own))
  return begun?.stopRecord !== undefined && stoppedAlike(stopRecord, begun.stopRecord) ? begun.peers : undefined
}

/** What others have recovered with, where they stopped, and where each has us. */
const begunRecoveries = ({
  own,
  reports,
}: Pick<WakeSituation, 'own' | 'reports'>): readonly (Pick<WakeReport, 'stopRecord'> & {
  readonly peers: StopRecord['voters']
  readonly at: string
})[] =>
  reports.flatMap(({ recovery: peers, stopRecord }) => {
    const ours = peers?.find(({ id }) => id === own.address.raftId)
    if (peers === undefined || ours === undefined) return []
    return [{ peers, at: ours.address, ...(stopRecord === undefined ? {} : { stopRecord }) }]
  })

const stoppedAlike = (a: StopRecord, b: StopRecord): boolean =>
  a.clusterId === b.clusterId && a.run === b.run && a.lastIndex === b.lastIndex && a.lastTerm === b.lastTerm
