import type { SqlValue } from '@dbcluster/protocol'
import { type StatementPlan, wrapForExactValues } from '@dbcluster/sql'

/**
 * An expression whose value rqlite passes on as it is: without a declared type, blobs in hexadecimal, infinities as text.
 * The expression is evaluated several times.
 */
export const exactExpression = (expression: string): string =>
  `CASE typeof(${expression}) WHEN 'blob' THEN hex(${expression}) WHEN 'real' THEN ` +
  `CASE WHEN (${expression})-(${expression}) IS NULL THEN (${expression})||'' ELSE ${expression} END ELSE ${expression} END`

/** An expression for the storage classes of others, one letter each, as {@link exactRowDecoder} takes them. */
export const storageClasses = (expressions: readonly string[]): string =>
  expressions.map((expression) => `substr(typeof(${expression}),1,1)`).join('||')

const ANY_READ = {
  sql: '',
  kind: 'read',
  verb: 'SELECT',
  explain: false,
  isInsert: false,
  returning: false,
  target: undefined,
  conditional: false,
  computed: [],
  parameters: { count: 0, names: new Map(), uses: [] },
} as const satisfies StatementPlan

/** Puts rows of {@link exactExpression}s, with {@link storageClasses} in the last place, back into values. */
export const exactRowDecoder = (count: number): ((row: readonly unknown[]) => SqlValue[]) | undefined =>
  wrapForExactValues(ANY_READ, count)?.decodeRow
