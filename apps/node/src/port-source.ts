import type { PortSource } from '@dbcluster/coordinator'
import type { PortAllocator } from '@dbcluster/ports'

/** The coordinator's view of the port allocator: offers under a lease's name, replicas under their database's. */
export const portSource = (ports: PortAllocator, host: string): PortSource => ({
  lease: async (leaseKey) => {
    const { httpPort, raftPort } = await ports.lease(leaseKey)
    return { host, httpPort, raftPort }
  },
  confirm: (leaseKey, name) => void ports.confirm(leaseKey, name),
  release: (leaseKey) => ports.release(leaseKey),
})
