import { type PlanLimits, planStatement, type StatementPlan } from './plan.js'

/** Settings of a planner. */
export interface SqlPlannerInit extends PlanLimits {
  /** Plans that are kept at most; the one not used for longest goes first. @default 1000 */
  readonly maxEntries?: number
  /** Estimated memory of all plans that are kept, in bytes; larger single ones are not kept. @default 16 MiB */
  readonly maxBytes?: number
}

/** Plans statements, and remembers. */
export interface SqlPlanner {
  /** The plan of a text. Refusals are not remembered. @throws DbClusterError as `planStatement` does */
  plan(sql: string): StatementPlan
}

interface Entry {
  readonly plan: StatementPlan
  readonly bytes: number
}

/** A planner with a cache by text, of which the least recently used goes first. */
export const createSqlPlanner = (init: SqlPlannerInit = {}): SqlPlanner => {
  const { maxEntries = 1_000, maxBytes = 16 * 1024 * 1024, ...limits } = init
  const entries = new Map<string, Entry>()
  let totalBytes = 0

  const drop = (sql: string, entry: Entry): void => {
    entries.delete(sql)
    totalBytes -= entry.bytes
  }
  const keep = (sql: string, plan: StatementPlan): void => {
    const bytes = estimateBytes(sql, plan)
    if (bytes > maxBytes || maxEntries < 1) return
    entries.set(sql, { plan, bytes })
    totalBytes += bytes
    for (const [oldest, entry] of entries) {
      if (entries.size <= maxEntries && totalBytes <= maxBytes) return
      drop(oldest, entry)
    }
  }
  return {
    plan: (sql) => {
      const known = entries.get(sql)
      if (known === undefined) {
        const plan = planStatement(sql, limits)
        keep(sql, plan)
        return plan
      }
      // A Map keeps the order of insertion: what was used last goes to the end.
      entries.delete(sql)
      entries.set(sql, known)
      return known.plan
    },
  }
}

const ENTRY_BYTES = 512
const PARAMETER_BYTES = 64

/** Two bytes per character for the key and, at worst, again for the plan's own text. */
const estimateBytes = (sql: string, plan: StatementPlan): number =>
  ENTRY_BYTES + 2 * (sql.length + plan.sql.length) + PARAMETER_BYTES * plan.parameters.uses.length
