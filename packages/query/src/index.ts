export type { LocalReplica, LocalReplicas, QueryComponents, QueryNetwork } from './components.js'
export { createQueryService, type QueryService } from './service.js'
