export type { DatabaseActivity } from './activity.js'
export type { LocalReplica, LocalReplicas, QueryComponents, QueryNetwork } from './components.js'
export { createQueryService, type IncomingRequest, type QueryService } from './service.js'
