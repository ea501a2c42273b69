import type { SqlValue } from '@dbcluster/protocol'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { isRead, makeDeterministic, planStatement } from '../../src/index.js'
import { CORPUS, SCHEMA } from '../support/corpus.js'
import { type Judge, openJudge } from '../support/sqlite.js'

let judge: Judge
beforeAll(async () => {
  judge = await openJudge(SCHEMA)
})
afterAll(() => judge?.close())

const VOLATILE =
  /^(?:random|randomblob|changes|total_changes|last_insert_rowid|sqlite_(?:version|source_id|compile.*)|current_.*)$/
const statements = Object.entries(CORPUS)
  .filter(([expected]) => /^(?:write|ddl)/.test(expected))
  .flatMap(([, list]) => list)

describe('every write and definition of the corpus compiles as before, and calls nothing that differs', () => {
  test.each(statements)('%s', (sql) => {
    const plan = planStatement(sql)
    expect(isRead(plan)).toBe(false)
    const args: SqlValue[] | Record<string, SqlValue> = Array.from({ length: plan.parameters.count }, () => 'now')
    const context = { nowMs: Date.now(), randomBytes: (count: number) => new Uint8Array(count), schema: new Map() }
    let fixed: ReturnType<typeof planStatement>
    try {
      fixed = makeDeterministic(plan, args, context)
    } catch (error) {
      expect(error).toMatchObject({ code: 'NONDETERMINISTIC_SQL' })
      return
    }
    const compiled = judge.compile(fixed.sql)
    expect(compiled.error).toBe(judge.compile(plan.sql).error)
    expect(compiled.statements.map(({ parameterCount }) => parameterCount)).toEqual(
      judge.compile(plan.sql).statements.map(({ parameterCount }) => parameterCount),
    )
    const called = judge.compile(fixed.sql).actions.filter(({ action }) => action === 'FUNCTION')
    expect(called.map(({ second }) => (second ?? '').toLowerCase()).filter((name) => VOLATILE.test(name))).toEqual([])
  })
})
