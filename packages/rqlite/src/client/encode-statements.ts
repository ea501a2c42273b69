import { DbClusterError, type SqlValue } from '@dbcluster/protocol'
import type { RqliteCapabilities } from '../binary/capabilities.js'
import type { RqliteStatement } from './types.js'

const HEX_TEXT = /^x'(?:[0-9a-f]{2})*'$/i

/**
 * Whether this value can't be a parameter for this binary and must stand in the SQL text: a blob where only SQL can
 * express one, and a text such as `x'00'` where rqlite would take it for one.
 */
export const mustInline = (
  capabilities: Pick<RqliteCapabilities, 'blobParameters' | 'hexTextIsBlob'>,
  value: SqlValue,
): boolean => {
  if (value instanceof Uint8Array) return capabilities.blobParameters === 'inline'
  return typeof value === 'string' && capabilities.hexTextIsBlob && HEX_TEXT.test(value)
}

/**
 * The body of `/db/execute`, `/db/query` and `/db/request` (https://rqlite.io/docs/api/api/). Written by hand, since
 * JSON.stringify knows neither 64-bit integers nor the difference between 1e17 the REAL and the INTEGER.
 * @throws DbClusterError `INTERNAL` for a parameter that {@link mustInline}
 */
export const encodeStatements = (
  capabilities: Pick<RqliteCapabilities, 'blobParameters' | 'hexTextIsBlob'>,
  statements: readonly RqliteStatement[],
): string => {
  const encoded = statements.map(({ sql, params = [] }, statementIndex) => {
    const parts = params.map((value, at) => {
      if (!mustInline(capabilities, value)) return encodeValue(value)
      throw new DbClusterError('INTERNAL', `parameter ${at + 1} must stand in the SQL text for this rqlited`, {
        statementIndex,
      })
    })
    return `[${[JSON.stringify(sql), ...parts].join(',')}]`
  })
  return `[${encoded.join(',')}]`
}

const encodeValue = (value: SqlValue): string => {
  if (value === null) return 'null'
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Uint8Array) return `[${value.join(',')}]`
  if (Object.is(value, -0)) return '-0.0'
  // Integers beyond 2^53 are bigints here, so such a number is a REAL; an exponent makes rqlite see that too.
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value)
}
