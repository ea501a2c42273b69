import type { Directory } from '../model/directory.js'
import type { StartReplica } from '../model/start-replica.js'
import type { SimNode } from '../sim-node.js'
import type { World } from '../world.js'

type Fail = (invariant: string, message: string) => never

/** What must hold in the moment in which a process of a member is started. */
export const checkSpawn = (
  world: World,
  peerId: string,
  start: StartReplica,
  directory: Directory,
  fail: Fail,
): void => {
  const { name, decree, assignment } = start
  const record = world.fabric.record(decree.clusterId, directory.recovery)
  const { kind } = start.start
  if (kind === 'bootstrap' || kind === 'join' || kind === 'warm') return
  const held = record?.heldBy(assignment.raftId) ?? 0
  if (directory.log.lastIndex < held)
    fail(
      'I3 old copy',
      `${name}: ${assignment.raftId} starts on ${peerId} as a member with ${directory.log.lastIndex} entries, though it acknowledged ${held}`,
    )
  // An operator's word takes the loss of what the others have.
  if (kind === 'recover' && (start.recovery ?? 0) <= directory.recovery)
    checkRecovery(world, start, directory, start.start.peers, fail)
}

/**
 * `peers.json`: it names all voters and nobody else, and whoever reads it has all that it ever held. Whether the others
 * have stopped too, and read the same addresses, is not asked here, nor whether they went on meanwhile: one that wakes
 * late, into a recovery that a majority has made without it, lacks what they have written since and catches up. With
 * equal voters a log decides as any other member's does, whatever addresses it holds.
 */
const checkRecovery = (
  world: World,
  { name, decree }: StartReplica,
  directory: Directory,
  peers: readonly { readonly id: string; readonly address: string }[],
  fail: Fail,
): void => {
  const record = world.fabric.record(decree.clusterId, directory.recovery)
  const voters = record?.voters.map(({ id }) => id).sort() ?? []
  const named = peers.map(({ id }) => id).sort()
  if (voters.join() !== named.join())
    fail('I6 recovery', `${name} is recovered as [${named}], and its voters are [${voters}]`)
  const held = Math.min(record?.lastCommitted ?? 0, record?.heldBy(directory.raftId) ?? 0)
  if (directory.log.lastIndex < held)
    fail(
      'I6 recovery',
      `${name} is recovered by ${directory.raftId} with ${directory.log.lastIndex} of the ${held} entries that it held`,
    )
}

/** I5: a member's directory is set aside only where its cluster ended, was never chosen, or counts it in no more. */
export const checkSetAside = (world: World, node: SimNode, name: string, directory: Directory, fail: Fail): void => {
  const { clusterId, raftId } = directory
  const record = world.fabric.record(clusterId)
  if (record === undefined || !record.voters.some(({ id }) => id === raftId)) return
  const { votes } = world.monitor
  const generation = votes.generationOf(name, clusterId)
  if (generation === undefined || votes.hasEnded(name, generation)) return
  if (directory.log.lastIndex < record.heldBy(raftId) || node.machine.isOutdated(name, directory)) return
  fail('I5 disowned', `${node.peerId} sets the directory of ${raftId} aside, a voter of ${name}, which lives`)
}
