import { DbClusterError } from '@dbcluster/protocol'
import { createSqlPlanner } from '@dbcluster/sql'
import { describe, expect, test } from '@jest/globals'
import { writeUnits } from '../src/writes/write-units.js'

const plan = createSqlPlanner().plan('UPDATE t SET a = 1')
const planned = [{ plan, bound: { sql: plan.sql } }]
const failed = (code: 'SQLITE_FULL' | 'SQLITE_IOERR' | 'SQLITE_CONSTRAINT_UNIQUE') => [
  { columns: [], types: [], rows: [], rowsAffected: 0, lastInsertId: 0, error: new DbClusterError(code, 'a reason') },
]

/** The leader met a full disk after the entry was committed: its followers, which had room, showed the write later. */
describe.each([[false], [true]])(
  'a write (in a transaction: %s) that the answering replica alone could not carry out',
  (transaction) => {
    test.each([['SQLITE_FULL'], ['SQLITE_IOERR']] as const)('for %s has an unknown outcome', (code) => {
      expect(writeUnits(planned, transaction).collect(failed(code))).toMatchObject([
        { error: { code: 'OUTCOME_UNKNOWN', details: { outcome: 'unknown', sqlite: code } } },
      ])
    })

    test('because of a constraint fails everywhere alike', () => {
      expect(writeUnits(planned, transaction).collect(failed('SQLITE_CONSTRAINT_UNIQUE'))).toMatchObject([
        { error: { code: 'SQLITE_CONSTRAINT_UNIQUE' } },
      ])
    })
  },
)
