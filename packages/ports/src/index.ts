export {
  createPortAllocator,
  type PortAllocator,
  type PortAllocatorComponents,
  type PortAllocatorInit,
  type PortLease,
  type PortPair,
} from './port-allocator.js'
export { createNetPortProbe, type PortProbe } from './port-probe.js'
export { inRange, type PortRange, rangeSize } from './port-range.js'
