/**
 * Who writes: a node together with the incarnation of its store. A node that lost its store counts as a new writer,
 * so the counters that it has forgotten are never handed out twice.
 */
export const actorOf = (peerId: string, incarnation: string): string => `${peerId}/${incarnation}`

/** The peer id of an actor. */
export const peerOfActor = (actor: string): string => {
  const end = actor.indexOf('/')
  return end < 0 ? actor : actor.slice(0, end)
}
