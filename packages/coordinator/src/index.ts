export { type CoordinatorConfig, type CoordinatorInit, resolveConfig } from './core/config.js'
export { CoordinatorCore, type CoreInit, type StepInput } from './core/core.js'
export type {
  AskResult,
  CoordinatorEffect,
  CoordinatorEvent,
  LocalReplica,
  Memory,
  PortOffer,
  ReplicaRun,
  ReplicaStart,
  RosterVote,
  StoreWrite,
} from './core/events.js'
export type { FoundReplica, OperatorRequest, RaftSeen, RaftVoter } from './core/repair/repair-events.js'
export {
  type CoordinatorClock,
  type CoordinatorComponents,
  type CoordinatorStore,
  declineReasonOf,
  type Messenger,
  type PortSource,
  type QueryGates,
  type RaftSight,
  type ReplicaHost,
  type ReplicaListener,
} from './shell/components.js'
export { type Coordinator, createCoordinator, type EnsuredDatabase } from './shell/coordinator.js'
