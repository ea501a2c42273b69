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
  leaseFor: async (name, preferred) => {
    // Resting ports are given to others last, so that they are not lost between letting go and taking hold again.
    ports.rest(name)
    const { httpPort, raftPort } = await ports.lease(name, preferred)
    return { host, httpPort, raftPort }
  },
  rest: (name, { httpPort, raftPort }) => {
    ports.reserve(name, { httpPort, raftPort })
    ports.rest(name)
  },
})
