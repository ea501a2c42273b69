import type { SqlArgs, SqlValue } from '@dbcluster/protocol'
import { argumentValues } from '../bind.js'
import { blobLiteral } from '../literal.js'
import type { PlanLimits, StatementPlan } from '../plan.js'
import type { KnownSchema } from './known-schema.js'
import { momentOf, nowFormOf } from './now.js'
import { evaluatedOnce } from './once.js'
import type { Policy } from './policy.js'
import type { Source } from './source.js'
import { refuse } from './volatile.js'

/** What the statements before, in the same transaction, have surely set on every replica. */
export interface ConnectionPast {
  readonly changes: boolean
  readonly lastInsertRowid: boolean
}

/** At the beginning of a transaction nothing is known of the connection. */
export const NO_PAST: ConnectionPast = { changes: false, lastInsertRowid: false }

/** Where the values come from that replace what replicas would evaluate apart. */
export interface DeterminismContext {
  /** The statement's one moment, in milliseconds of Unix time. */
  readonly nowMs: number
  /** Random bytes that nobody can foresee, as many as asked for. */
  readonly randomBytes: (count: number) => Uint8Array
  /** The database's tables, as the statement will find them. */
  readonly schema: KnownSchema
  /** @default NO_PAST */
  readonly past?: ConnectionPast
  /** Bounds for the statement after it was rewritten. */
  readonly limits?: PlanLimits
}

/** Largest sum of bytes that `randomblob` calls of one statement are replaced by: they travel as literals. */
export const RANDOM_BLOB_MAX_BYTES = 64 * 1024

/** The policy for a write, and for reads that stand among writes: one moment, one random value at each place. */
export const writePolicy = (
  source: Source,
  plan: StatementPlan,
  args: SqlArgs | undefined,
  { nowMs, randomBytes, past = NO_PAST }: DeterminismContext,
): Policy => {
  const moment = momentOf(nowMs)
  const values = lazily(() => argumentValues(plan, args))
  const isOnce = lazily(() => evaluatedOnce(source, plan.verb))
  const parameters = new Map(plan.parameters.uses.map(({ start, parameter }) => [start, parameter]))
  const parameterAt = (token: number): number => parameters.get(source.tokens[token]?.start ?? -1) ?? 0
  const valueAt = (token: number): SqlValue => values()[parameterAt(token) - 1] ?? null
  const written = new Map<number, string>()
  let blobBytes = 0
  const perCall = (token: number, offset: number, value: () => string): string => {
    if (!isOnce()(token)) refuse('random values for each row of several', RANDOM_HINT, offset)
    const sql = written.get(token) ?? value()
    written.set(token, sql)
    return sql
  }
  return {
    now: (keyword) => moment.keywords.get(keyword) ?? moment.timeValue,
    lateNow: () => moment.timeValue,
    random: (token, offset) => perCall(token, offset, () => randomInteger(randomBytes(8))),
    randomBlob: (token, size, offset) =>
      perCall(token, offset, () => {
        if (size === undefined) return refuse('randomblob() of a size that is no plain number', BLOB_HINT, offset)
        const bytes = Math.max(1, size)
        blobBytes += bytes
        if (blobBytes > RANDOM_BLOB_MAX_BYTES) return refuse('randomblob() is too large', BLOB_HINT, offset)
        return blobLiteral(randomBytes(bytes))
      }),
    connection: (name, _, offset) => {
      if (name === 'changes' ? past.changes : past.lastInsertRowid) return
      refuse(`${name}() tells of what the replica's connection did before`, CONNECTION_HINT, offset)
    },
    replica: (name, offset) =>
      refuse(`${name} differs between replicas`, 'read it in a query, and pass the value as a parameter', offset),
    parameterForm: (token) => nowFormOf(valueAt(token)),
    parameterInteger: (token) => {
      const value = valueAt(token)
      return typeof value === 'number' && Number.isInteger(value) ? value : undefined
    },
    parameterAgain: (token) => `?${parameterAt(token)}`,
  }
}

const RANDOM_HINT = 'pass random values as parameters, one statement per row; INSERT … VALUES may call random() itself'
const BLOB_HINT = `write randomblob(16), at most ${RANDOM_BLOB_MAX_BYTES} bytes in a statement, or pass a parameter`
const CONNECTION_HINT =
  'use it in a transaction behind INSERT … VALUES without OR IGNORE and ON CONFLICT, or take the id from RETURNING'

/** As `random()`: 64 bits, the smallest excepted. The sum keeps ORDER BY from taking it for a column's number. */
const randomInteger = (bytes: Uint8Array): string => {
  const value = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0)
  return `(0+${value < 0n ? `(-${-(value + 1n)})` : value})`
}

const lazily = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
