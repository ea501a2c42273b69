import { compareText, LIMITS, type Roster, type RosterMember } from '@dbcluster/protocol'

/** One step of the roster: one member more, or one less. */
export type RosterChange = { readonly add: RosterMember } | { readonly remove: RosterMember }

/** The members once a change is made, sorted by peer id. */
export const membersAfter = (roster: Roster, change: RosterChange): readonly RosterMember[] => {
  if ('add' in change) return [...roster.members, change.add].sort((a, b) => compareText(a.peerId, b.peerId))
  const { peerId, incarnation } = change.remove
  return roster.members.filter((member) => member.peerId !== peerId || member.incarnation !== incarnation)
}

/**
 * The next roster, or nothing where the change does not apply: the peer is there already, or gone, or the last one, or
 * the roster is full.
 */
export const rosterAfter = (roster: Roster, change: RosterChange): Roster | undefined => {
  const members = membersAfter(roster, change)
  const applies =
    'add' in change
      ? members.length <= LIMITS.rosterMembers && !roster.members.some((member) => member.peerId === change.add.peerId)
      : members.length < roster.members.length && members.length > 0
  return applies ? { networkId: roster.networkId, epoch: roster.epoch + 1, members: [...members] } : undefined
}
