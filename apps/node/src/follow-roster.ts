import type { Coordinator } from '@dbcluster/coordinator'
import type { Network } from '@dbcluster/network'

/** Keeps connections to all members of the roster, at the addresses that they tell of themselves. */
export const followRoster = (coordinator: Coordinator, network: Network): (() => void) => {
  const wanted = new Set<string>()
  const update = (): void => {
    const members = new Set((coordinator.roster?.members ?? []).map((member) => member.peerId))
    members.delete(network.peerId)
    const addresses = new Map(coordinator.nodes().map((node) => [node.peerId, node.info.value.multiaddrs]))
    for (const peerId of members) network.want(peerId, addresses.get(peerId) ?? network.knownAddresses(peerId))
    for (const peerId of wanted) if (!members.has(peerId)) network.unwant(peerId)
    wanted.clear()
    for (const peerId of members) wanted.add(peerId)
  }
  const stopRecords = coordinator.onRecordChanged((record) => {
    if (record.kind === 'node') update()
  })
  const stopRoster = coordinator.onRosterChanged(update)
  update()
  return () => {
    stopRecords()
    stopRoster()
  }
}
