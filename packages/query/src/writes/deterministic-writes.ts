import { randomBytes } from 'node:crypto'
import { LIMITS } from '@dbcluster/protocol'
import {
  afterDefinition,
  isRead,
  type KnownSchema,
  makeDeterministic,
  markerIn,
  NO_PAST,
  needsKnownSchema,
  pastAfter,
} from '@dbcluster/sql'
import { explainMarker } from '../explain-marker.js'
import type { GivenStatement } from '../reads/exact-rows.js'
import type { Run } from '../run.js'
import { atStatement } from '../statement-index.js'
import { readFailure } from './write-outcome.js'
import type { UnitOutcome } from './write-units.js'

const NOTHING_KNOWN: KnownSchema = new Map()

/** What a statement may grow to when values are written into it: an `INSERT` of many rows gets one for each. */
const REWRITTEN_LIMITS = { sqlMaxBytes: 4 * LIMITS.sqlBytes }

/** SQLite's words for a statement that was written for a schema which is no more. */
const OTHER_SCHEMA = /no such (?:table|column)|has no column named|values for \d+ columns/

/** How statements are carried out. */
export interface WriteManner {
  readonly transaction: boolean
  /** Whether nothing at all was done when a statement failed, so that it can be tried in another form. */
  readonly repeatable: boolean
}

/**
 * Carries statements out in a form that gives the same on every replica and at every replay. Where a statement fails
 * because the schema that it was rewritten for is not the one there, it is rewritten and tried once more.
 * @throws DbClusterError `NONDETERMINISTIC_SQL` and others, with `statementIndex`
 */
export const deterministically = async (
  run: Run,
  given: readonly GivenStatement[],
  manner: WriteManner,
  carryOut: (given: readonly GivenStatement[]) => Promise<readonly UnitOutcome[]>,
): Promise<readonly UnitOutcome[]> => {
  const first = await rewritten(run, given, manner)
  const outcomes = await carriedOut(run, first, carryOut)
  if (!outcomes.some(isStale)) return outcomes.map(explained)
  run.schemas.forget(run)
  if (!manner.repeatable) return outcomes.map(explained)
  const second = await rewritten(run, given, manner)
  if (second.every(({ plan }, index) => plan.sql === first[index]?.plan.sql)) return outcomes.map(explained)
  return (await carriedOut(run, second, carryOut)).map(explained)
}

const rewritten = async (
  run: Run,
  given: readonly GivenStatement[],
  { transaction }: WriteManner,
): Promise<readonly GivenStatement[]> => {
  // Nothing enters a replica's state by reads alone.
  if (given.every(({ plan }) => isRead(plan))) return given
  let schema = await schemaFor(run, given)
  let past = NO_PAST
  return given.map((statement, index) =>
    atStatement(index, () => {
      // Outside of a transaction nothing depends on whether a read fails.
      if (isRead(statement.plan) && !transaction) return statement
      const context = { nowMs: Date.now(), randomBytes, schema, past, limits: REWRITTEN_LIMITS }
      const plan = makeDeterministic(statement.plan, statement.args, context)
      if (transaction) past = pastAfter(past, plan, schema)
      schema = afterDefinition(schema, plan)
      return plan === statement.plan ? statement : { ...statement, plan }
    }),
  )
}

const schemaFor = async (run: Run, given: readonly GivenStatement[]): Promise<KnownSchema> => {
  if (!given.some(({ plan, args }) => needsKnownSchema(plan, args))) return NOTHING_KNOWN
  try {
    return await run.schemas.of(run)
  } catch (error) {
    throw readFailure(error, run.passage.deadline)
  }
}

const carriedOut = async (
  run: Run,
  given: readonly GivenStatement[],
  carryOut: (given: readonly GivenStatement[]) => Promise<readonly UnitOutcome[]>,
): Promise<readonly UnitOutcome[]> => {
  if (!given.some(({ plan }) => plan.kind === 'ddl')) return carryOut(given)
  run.schemas.forget(run)
  try {
    return await carryOut(given)
  } finally {
    run.schemas.forget(run)
  }
}

const isStale = (outcome: UnitOutcome): boolean =>
  'error' in outcome && (markerIn(outcome.error.message) === 'default' || OTHER_SCHEMA.test(outcome.error.message))

const explained = (outcome: UnitOutcome): UnitOutcome =>
  'error' in outcome ? { error: explainMarker(outcome.error) } : outcome
