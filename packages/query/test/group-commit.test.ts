import { DbClusterError } from '@dbcluster/protocol'
import type { ExecuteOptions, RqliteClient, RqliteResult, RqliteStatement } from '@dbcluster/rqlite'
import { planStatement } from '@dbcluster/sql'
import { describe, expect, test } from '@jest/globals'
import { startDeadline } from '../src/deadline.js'
import { GroupCommit } from '../src/writes/group-commit.js'
import type { PlannedStatement } from '../src/writes/write-units.js'

const result = (over: Partial<RqliteResult> = {}): RqliteResult => ({
  columns: [],
  types: [],
  rows: [],
  rowsAffected: 1,
  lastInsertId: 0,
  ...over,
})

const update = (id: number): PlannedStatement => {
  const sql = `UPDATE t SET a = ${id}`
  return { plan: planStatement(sql), bound: { sql } }
}

/** An rqlited that answers when it is told to; one that fails a statement says so in its result. */
const heldClient = () => {
  const requests: { sqls: readonly string[]; options: ExecuteOptions; answer: (error?: Error) => void }[] = []
  const execute = (statements: readonly RqliteStatement[], options: ExecuteOptions = {}) =>
    new Promise<readonly RqliteResult[]>((resolve, reject) => {
      const failing = (sql: string): Partial<RqliteResult> =>
        sql.endsWith('= 13') ? { error: new DbClusterError('SQLITE_CONSTRAINT_CHECK', sql) } : {}
      const answer = (error?: Error): void =>
        error === undefined ? resolve(statements.map(({ sql }) => result(failing(sql)))) : reject(error)
      requests.push({ sqls: statements.map(({ sql }) => sql), options, answer })
    })
  return { client: { execute } as Partial<RqliteClient> as RqliteClient, requests }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('writes of one database', () => {
  test('go at once when none is under way, else together as the next request, each with its own outcome', async () => {
    const { client, requests } = heldClient()
    const group = new GroupCommit()
    const deadline = startDeadline(5_000)
    const outcomes = [1, 2, 13, 4].map((id) => group.write(client, update(id), deadline))
    expect(requests.map(({ sqls }) => sqls)).toEqual([['UPDATE t SET a = 1']])
    requests[0]?.answer()
    await settled()
    expect(requests[1]?.sqls).toEqual(['UPDATE t SET a = 2', 'UPDATE t SET a = 13', 'UPDATE t SET a = 4'])
    requests[1]?.answer()
    const done = { result: { rowsAffected: 1, lastInsertId: 0 } }
    const failed = { error: expect.objectContaining({ code: 'SQLITE_CONSTRAINT_CHECK' }) }
    expect(await Promise.all(outcomes)).toEqual([done, done, failed, done])
    void group.write(client, update(5), deadline)
    expect(requests).toHaveLength(3)
    requests[2]?.answer()
    deadline.end()
  })

  test('of which the time is over: one that waits was not sent, one under way has an unknown outcome', async () => {
    const { client, requests } = heldClient()
    const group = new GroupCommit()
    const [short, long] = [startDeadline(30), startDeadline(5_000)]
    const underWay = group.write(client, update(1), short)
    const waiting = group.write(client, update(2), short)
    const patient = group.write(client, update(3), long)
    expect(await underWay).toEqual({ error: expect.objectContaining({ code: 'OUTCOME_UNKNOWN' }) })
    expect(await waiting).toEqual({ error: expect.objectContaining({ code: 'TIMEOUT' }) })
    await expect(group.write(client, update(4), short)).rejects.toMatchObject({ code: 'TIMEOUT' })
    requests[0]?.answer()
    await settled()
    expect(requests[1]?.sqls).toEqual(['UPDATE t SET a = 3'])
    expect(requests[1]?.options.timeoutMs).toBeGreaterThan(4_000)
    requests[1]?.answer()
    expect(await patient).toMatchObject({ result: { rowsAffected: 1 } })
    for (const deadline of [short, long]) deadline.end()
  })

  test('share the failure of their request, and the next ones go on', async () => {
    const { client, requests } = heldClient()
    const group = new GroupCommit()
    const deadline = startDeadline(5_000)
    const outcomes = [1, 2].map((id) => group.write(client, update(id), deadline))
    requests[0]?.answer(new DbClusterError('NOT_LEADER', 'not leader', { details: { outcome: 'notApplied' } }))
    await settled()
    requests[1]?.answer()
    expect(await Promise.all(outcomes)).toEqual([
      { error: expect.objectContaining({ code: 'NOT_LEADER' }) },
      { result: { rowsAffected: 1, lastInsertId: 0 } },
    ])
    deadline.end()
  })

  test('are bounded: 128 to a request, about a million characters, and so many waiting', async () => {
    const { client, requests } = heldClient()
    const group = new GroupCommit()
    const deadline = startDeadline(5_000)
    const large = { ...update(2), bound: { sql: 'UPDATE t SET a = ?', params: ['x'.repeat(600_000)] } }
    const outcomes = [update(1), large, large, large].map((one) => group.write(client, one, deadline))
    for (let number = 0; number < 4_093; number += 1) outcomes.push(group.write(client, update(number), deadline))
    await expect(group.write(client, update(0), deadline)).rejects.toMatchObject({ code: 'OVERLOADED' })
    for (let at = 0; at < requests.length; at += 1) {
      requests[at]?.answer()
      await settled()
    }
    await Promise.all(outcomes)
    expect(requests.slice(0, 4).map(({ sqls }) => sqls.length)).toEqual([1, 2, 128, 128])
    deadline.end()
  })
})
