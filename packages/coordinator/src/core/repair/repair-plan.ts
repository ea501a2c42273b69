import { compareText } from '@dbcluster/protocol'

/**
 * - `sound`: its node is well.
 * - `away`: its node is missed, but not (yet) taken for dead: it may come back.
 * - `leaving`: its node is well and is being emptied.
 * - `dead`: its node is dead or forgotten, or its store or directory is lost: it will never answer again.
 */
export type VoterCondition = 'sound' | 'away' | 'leaving' | 'dead'

/** One voter of Raft's committed configuration. */
export interface VoterStanding {
  readonly raftId: string
  readonly peerId: string
  readonly condition: VoterCondition
  /** Its node says that it serves what was committed. */
  readonly caughtUp: boolean
  /** Share of its node's room that is taken, from 0 to 1. */
  readonly load: number
}

/** What a repair is decided on. */
export interface RepairFacts {
  readonly voters: readonly VoterStanding[]
  /** Replicas wanted. */
  readonly wanted: number
  /** The voter that leads. */
  readonly leaderRaftId?: string | undefined
  /** The voter on the node that decides. */
  readonly ownRaftId: string
  /** A newcomer's rqlited is up and was reached from here; it is no voter yet. */
  readonly newcomerReady: boolean
}

/** The next step towards the wanted replicas; one at a time, each seen committed before the next is thought of. */
export type RepairMove =
  | { readonly kind: 'nothing' }
  /** A newcomer must be found before anything else. */
  | { readonly kind: 'seek' }
  | { readonly kind: 'remove'; readonly raftId: string; readonly why: 'dead' | 'leaving' | 'surplus' }
  | { readonly kind: 'join' }
  /** Somebody has to catch up first. */
  | { readonly kind: 'wait' }

/**
 * Decides the next step. A dead voter goes before the newcomer comes, so that the same live ones make the quorum all
 * the time, and only once the newcomer is up; a live one that leaves goes after the newcomer has caught up.
 */
export const planRepair = (facts: RepairFacts): RepairMove => {
  const { voters, wanted, newcomerReady } = facts
  const dead = voters.filter((voter) => voter.condition === 'dead').sort(byId)
  if (voters.length > wanted) return surplusMove(facts, dead)
  const [firstDead] = dead
  const staysForNow = isLeaderOfTwo(facts, firstDead)
  if (firstDead !== undefined && !staysForNow)
    return newcomerReady ? { kind: 'remove', raftId: firstDead.raftId, why: 'dead' } : { kind: 'seek' }
  const leaves = voters.some((voter) => voter.condition === 'leaving')
  if (voters.length < wanted || leaves || staysForNow) return newcomerReady ? { kind: 'join' } : { kind: 'seek' }
  return { kind: 'nothing' }
}

/**
 * Its node is dead, and its rqlited leads. Of two, a leader that strikes itself off and stops before the other one has
 * heard leaves both without a vote: the one is in no configuration, and the other's log is behind. So a third comes first.
 */
const isLeaderOfTwo = ({ voters, leaderRaftId }: RepairFacts, voter: VoterStanding | undefined): boolean =>
  voters.length === 2 && voter !== undefined && voter.raftId === leaderRaftId

const surplusMove = ({ voters, ownRaftId }: RepairFacts, dead: readonly VoterStanding[]): RepairMove => {
  const [firstDead] = dead
  if (firstDead !== undefined) return { kind: 'remove', raftId: firstDead.raftId, why: 'dead' }
  const order = [...voters].sort(
    (a, b) =>
      rank(a, ownRaftId) - rank(b, ownRaftId) ||
      Number(a.caughtUp) - Number(b.caughtUp) ||
      b.load - a.load ||
      byId(a, b),
  )
  const [goes, ...stay] = order
  if (goes === undefined) return { kind: 'nothing' }
  // One that does not serve yet may still ask to join, and would be a voter again after its removal.
  if (!goes.caughtUp) return { kind: 'wait' }
  const serving = stay.filter((voter) => voter.caughtUp && voter.condition !== 'away').length
  // Those who stay make the quorum at once: more than half of them must be there, with all the data.
  if (serving <= stay.length / 2 || (goes.condition === 'leaving' && serving < stay.length)) return { kind: 'wait' }
  return { kind: 'remove', raftId: goes.raftId, why: goes.condition === 'leaving' ? 'leaving' : 'surplus' }
}

/** Who goes first: those who leave anyway, then those who are missed, the leader's own node last. */
const rank = ({ raftId, condition }: VoterStanding, ownRaftId: string): number => {
  if (condition === 'leaving') return raftId === ownRaftId ? 1 : 0
  if (condition === 'away') return 2
  return raftId === ownRaftId ? 4 : 3
}

const byId = (a: VoterStanding, b: VoterStanding): number => compareText(a.raftId, b.raftId)
