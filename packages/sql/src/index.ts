export { type BindEncoding, type BoundStatement, bind, type WireParameter } from './bind.js'
export type { DataVerb } from './data-statement.js'
export type { DefinitionVerb } from './definition.js'
export {
  afterDefinition,
  type KnownSchema,
  type KnownTable,
  knownSchemaOf,
  type SchemaRow,
  type VolatileDefault,
} from './determinism/known-schema.js'
export { makeDeterministic, needsKnownSchema, pastAfter } from './determinism/make-deterministic.js'
export { decodeDefault, type Marker, markerIn, restoreDefaults } from './determinism/marker.js'
export {
  type ConnectionPast,
  type DeterminismContext,
  NO_PAST,
  RANDOM_BLOB_MAX_BYTES,
} from './determinism/write-policy.js'
export { type ExactRead, wrapForExactValues } from './exact-values.js'
export { quoteIdentifier } from './identifier.js'
export { significantTokens, tokenize } from './lexer.js'
export type { PlaceholderUse, StatementParameters } from './parameters.js'
export { type PlanLimits, planStatement, type StatementKind, type StatementPlan, type Verb } from './plan.js'
export { createSqlPlanner, type SqlPlanner, type SqlPlannerInit } from './planner.js'
export { isRead, requireRead } from './read.js'
export { type StatementSpan, splitStatements } from './split.js'
export { type CreateTablePlan, dropTableStatement, planCreateTable, TABLE_NAME_MAX_CHARS } from './tables.js'
export type { Token, TokenType } from './token.js'
