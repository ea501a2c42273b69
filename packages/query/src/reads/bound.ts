import type { SqlArgs } from '@dbcluster/protocol'
import type { RqliteCapabilities, RqliteStatement } from '@dbcluster/rqlite'
import { bind, type StatementPlan } from '@dbcluster/sql'

/** A statement with its arguments, as this rqlited takes them. */
export const boundStatement = (
  capabilities: RqliteCapabilities,
  plan: StatementPlan,
  args: SqlArgs | undefined,
): RqliteStatement => {
  const { sql, params } = bind(plan, args, {
    blobs: capabilities.blobParameters,
    hexText: capabilities.hexTextIsBlob ? 'inline' : 'plain',
  })
  return {
    sql,
    params: params.map((param) =>
      Array.isArray(param) ? Uint8Array.from(param) : (param as string | number | bigint | null),
    ),
  }
}
