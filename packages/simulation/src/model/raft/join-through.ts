import type { Voter } from './entry.js'
import type { RaftFabric } from './raft-fabric.js'
import type { RaftServer } from './raft-server.js'

/**
 * What `-join` does: somebody who answers at one of the addresses passes it on to the leader, which adds the member.
 * A member known by this id or address in another way is removed first, in a change of its own (rqlite, `Store.Join`).
 */
export const joinThrough = (
  fabric: RaftFabric,
  server: RaftServer,
  addresses: readonly string[],
  done: (joined: boolean) => void,
): void => {
  const group = fabric.groupOf(server)
  const asked = addresses.map((address) => group.contact(server, { id: '', address }))
  const leader = asked.flatMap((member) => (member && member !== server ? (group.leaderFor(member) ?? []) : []))[0]
  if (leader === undefined) return done(false)
  const self: Voter = { id: server.id, address: server.address }
  const isSelf = (voter: Voter): boolean => voter.id === self.id && voter.address === self.address
  const isStale = (voter: Voter): boolean => !isSelf(voter) && (voter.id === self.id || voter.address === self.address)
  const add = (): void =>
    group.change(
      leader,
      (voters) => (voters.some(isSelf) ? undefined : [...voters, self]),
      (outcome) => done(outcome === 'committed'),
    )
  if (!leader.log.voters.some(isStale)) return add()
  group.change(
    leader,
    (voters) => (voters.some(isStale) ? voters.filter((voter) => !isStale(voter)) : undefined),
    (outcome) => (outcome === 'committed' ? add() : done(false)),
  )
}
