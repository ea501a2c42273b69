import type { RaftGroup } from './raft-group.js'
import type { RaftServer } from './raft-server.js'

/**
 * Asks every voter of its own configuration, with a vote before the vote, so that who cannot win disturbs nobody.
 * A voter refuses whom its configuration doesn't know, whose log is behind, and, unless the leader itself hands over,
 * anybody while it takes somebody for the leader (https://github.com/hashicorp/raft, `requestVote`). Elections are
 * played in one go: their term is above that of everybody who was reached, so nobody voted in it before.
 * @returns whether it was elected
 */
export const campaign = (
  group: RaftGroup,
  candidate: RaftServer,
  options: { readonly handedOver: boolean },
): boolean => {
  const { log } = candidate
  const voters = log.voters.flatMap((voter) => group.contact(candidate, voter) ?? [])
  const granted = voters.filter((voter) => voter === candidate || grants(voter, candidate, options.handedOver))
  if (granted.length <= log.voters.length / 2) return false
  const term = 1 + Math.max(log.term, ...voters.map((voter) => voter.log.term))
  for (const voter of granted) {
    if (voter.role === 'leader') voter.stepDown(Number.POSITIVE_INFINITY)
    voter.log.term = term
  }
  return true
}

const grants = (voter: RaftServer, candidate: RaftServer, handedOver: boolean): boolean => {
  const { log, leader } = voter
  if (log.voters.length > 0 && !log.voters.some(({ id }) => id === candidate.id)) return false
  if (leader !== undefined && leader !== candidate && !handedOver) return false
  if (candidate.log.lastTerm !== log.lastTerm) return candidate.log.lastTerm > log.lastTerm
  return candidate.log.lastIndex >= log.lastIndex
}
