import type { RaftGroup } from './raft-group.js'
import type { RaftServer } from './raft-server.js'

/** Commits what a majority of the newest configuration holds, answers who waited, and takes up the next change. */
export const advance = (group: RaftGroup, leader: RaftServer, nowMs: number): void => {
  const { log } = leader
  const held = log.voters.map(({ id }) => leader.match.get(id) ?? 0).sort((a, b) => b - a)
  // What the (n/2+1)-th best voter holds, a majority holds.
  const index = Math.min(held[Math.floor(held.length / 2)] ?? 0, log.lastIndex)
  if (index > leader.commitIndex && log.termAt(index) === log.term) {
    group.record.committed(leader, leader.commitIndex + 1, index)
    leader.commitIndex = index
    const answered = leader.proposals.filter(({ entry }) => entry.index <= index)
    leader.proposals = leader.proposals.filter(({ entry }) => entry.index > index)
    for (const { done } of answered) done('committed')
  }
  takeUpChange(leader, nowMs)
}

/** One change at a time, and none before the leader has committed something of its own term. */
const takeUpChange = (leader: RaftServer, nowMs: number): void => {
  const { log } = leader
  for (const change of leader.changes.filter(({ untilMs }) => untilMs <= nowMs)) change.done('unknown')
  leader.changes = leader.changes.filter(({ untilMs }) => untilMs > nowMs)
  const isStable = log.configurationIndex <= leader.commitIndex && log.termAt(leader.commitIndex) === log.term
  const [change] = leader.changes
  if (!isStable || change === undefined) return
  leader.changes.shift()
  const voters = change.next(log.voters)
  if (voters === undefined) return change.done('committed')
  leader.proposals.push({ entry: leader.lead({ kind: 'config', voters }), done: change.done })
}
