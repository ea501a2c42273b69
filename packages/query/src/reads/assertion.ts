import { assertionSql, type RqliteStatement } from '@dbcluster/rqlite'

/** A read as an assertion of a transaction: it ends there unless the first value of the first row is true. */
export const assertion = ({ sql, params }: RqliteStatement): RqliteStatement => ({
  sql: assertionSql(sql),
  ...(params === undefined ? {} : { params }),
})
