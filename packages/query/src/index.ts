export type { DatabaseActivity } from './activity.js'
export type { LocalReplica, LocalReplicas, QueryComponents, QueryNetwork } from './components.js'
export { DEFAULT_QUERY_LIMITS, type QueryLimits } from './query-limits.js'
export { createQueryService, type IncomingRequest, type QueryService } from './service.js'
