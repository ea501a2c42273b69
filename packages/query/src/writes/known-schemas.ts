import { DbClusterError, toDbClusterError } from '@dbcluster/protocol'
import { type KnownSchema, knownSchemaOf } from '@dbcluster/sql'
import { startDeadline } from '../deadline.js'
import { callOptions, type Run, readApplied } from '../run.js'
import { withoutIndex } from '../statement-index.js'
import { unlessAborted } from '../wait.js'

/** Databases whose schema is remembered; the one not used for longest goes first. */
const MAX_REMEMBERED = 1_000
/** How long a schema is remembered at most: a node that is cut off from the others may miss what they do through theirs. */
const MAX_AGE_MS = 10_000
/** How long reading one may take; whoever needs it after that begins anew. */
const READ_LIMIT_MS = 5_000

const TABLES_AND_TRIGGERS = `SELECT type, name, tbl_name, sql FROM sqlite_schema
  WHERE type IN ('table', 'trigger') AND sql IS NOT NULL`

interface Entry {
  readonly incarnation: string
  readonly term: number
  readonly atMs: number
  readonly schema: Promise<KnownSchema>
}

/**
 * What the node knows of its databases' tables. A schema is changed through the node of the leader, which forgets what it
 * knew whenever that happens: so an entry holds for one term of one process. Where that fails all the same, a default
 * that must not be evaluated is stored as an expression that fails, and the caller looks again.
 */
export class KnownSchemas {
  readonly #entries = new Map<string, Entry>()

  /** @throws DbClusterError `NOT_LEADER`, and why the schema cannot be read */
  async of(run: Run): Promise<KnownSchema> {
    // Any follower may be the one that others write through.
    if (run.passage.throughFollower === true) return readTables(run)
    const { clusterId } = run.record.decree
    const term = await run.sessions.leadingTerm(run.record.name, run.passage.deadline.signal)
    const entry = this.#currentEntry(run, term)
    this.#entries.delete(clusterId)
    this.#entries.set(clusterId, entry)
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > MAX_REMEMBERED && oldest !== undefined) this.#entries.delete(oldest)
    try {
      return await unlessAborted(entry.schema, run.passage.deadline.signal)
    } catch (error) {
      // Where only this caller has gone, the others still wait for it.
      const failed = !run.passage.deadline.signal.aborted
      if (failed && this.#entries.get(clusterId) === entry) this.#entries.delete(clusterId)
      throw error
    }
  }

  #currentEntry(run: Run, term: number): Entry {
    const known = this.#entries.get(run.record.decree.clusterId)
    const atMs = performance.now()
    const { incarnation } = run.replica
    const holds = known?.term === term && known.incarnation === incarnation && atMs - known.atMs < MAX_AGE_MS
    return holds ? known : { incarnation, term, atMs, schema: readForAll(run) }
  }

  /** The schema changes, or has changed: what is being read just now is not remembered either. */
  forget(run: Run): void {
    this.#entries.delete(run.record.decree.clusterId)
  }
}

/** Belongs to no single caller: whose time is over, or who goes away, ends nothing for the others. */
const readForAll = async (run: Run): Promise<KnownSchema> => {
  const deadline = startDeadline(READ_LIMIT_MS)
  try {
    return await readTables({ ...run, passage: { ...run.passage, deadline } })
  } catch (thrown) {
    const error = toDbClusterError(thrown)
    if (error.code !== 'TIMEOUT') throw error
    throw new DbClusterError(
      'DATABASE_UNAVAILABLE',
      `the schema of ${run.record.name} could not be read within ${READ_LIMIT_MS} ms`,
      { hint: 'its replica may be overloaded: send it again', cause: error },
    )
  } finally {
    deadline.end()
  }
}

const readTables = async (run: Run): Promise<KnownSchema> => {
  const { results } = await readApplied(run, () =>
    run.replica.client.query([{ sql: TABLES_AND_TRIGGERS }], { level: 'weak', ...callOptions(run) }),
  )
  const [result] = results
  if (result?.error !== undefined) throw withoutIndex(result.error)
  const rows = result?.rows ?? []
  return knownSchemaOf(
    rows.map(([type, name, table, sql]) => ({
      type: String(type),
      name: String(name),
      table: String(table),
      sql: String(sql),
    })),
  )
}
