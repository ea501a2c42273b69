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
  const record = world.fabric.record(decree.clusterId)
  const { kind } = start.start
  if (kind === 'bootstrap' || kind === 'join' || kind === 'warm') return
  const held = record?.heldBy(assignment.raftId) ?? 0
  if (directory.log.lastIndex < held)
    fail(
      'I3 old copy',
      `${name}: ${assignment.raftId} starts on ${peerId} as a member with ${directory.log.lastIndex} entries, though it acknowledged ${held}`,
    )
  if (kind === 'recover' && !world.monitor.isRecovering(name)) checkRecovery(world, start, start.start.peers, fail)
}

/** `peers.json`: all voters are named, none runs under the old addresses, and all stopped at one and the same index. */
const checkRecovery = (
  world: World,
  { name, decree, assignment }: StartReplica,
  peers: readonly { readonly id: string; readonly address: string }[],
  fail: Fail,
): void => {
  const { clusterId } = decree
  const record = world.fabric.record(clusterId)
  const voters = record?.voters.map(({ id }) => id).sort() ?? []
  const named = peers.map(({ id }) => id).sort()
  if (voters.join() !== named.join())
    fail('I6 recovery', `${name} is recovered as [${named}], and its voters are [${voters}]`)
  const told = JSON.stringify(peers)
  for (const node of world.nodes) {
    const directory = node.machine.directory(name)
    if (directory?.clusterId !== clusterId || !voters.includes(directory.raftId)) continue
    const { recovered, log } = directory
    if (node.machine.running().includes(name) && directory.raftId !== assignment.raftId) {
      if (recovered === undefined) fail('I6 recovery', `${name} is recovered while ${directory.raftId} runs as it was`)
      if (recovered !== told)
        fail('I6 recovery', `${name} is recovered as ${told}, and by ${directory.raftId} as ${recovered}`)
      continue
    }
    const last = record?.lastCommitted ?? 0
    if (log.lastIndex < last)
      fail('I6 recovery', `${name} is recovered though ${directory.raftId} has ${log.lastIndex} of ${last} entries`)
  }
}

/** I5: a member's directory is set aside only where its cluster ended, was never chosen, or counts it in no more. */
export const checkSetAside = (world: World, node: SimNode, name: string, directory: Directory, fail: Fail): void => {
  const { clusterId, raftId } = directory
  const record = world.fabric.record(clusterId)
  if (record === undefined || !record.voters.some(({ id }) => id === raftId)) return
  const { votes } = world.monitor
  const generation = votes.generationOf(name, clusterId)
  if (generation === undefined || votes.hasEnded(name, generation)) return
  if (world.monitor.isRecovering(name)) return
  if (directory.log.lastIndex < record.heldBy(raftId) || node.machine.isOutdated(name, directory)) return
  fail('I5 disowned', `${node.peerId} sets the directory of ${raftId} aside, a voter of ${name}, which lives`)
}
