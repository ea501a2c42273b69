import type { TestCluster } from '@dbcluster/testkit'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { failure } from '../support/errors.js'
import { readCaptured, sayAgain } from '../support/orm/captured.js'
import { type Execute, executeOn } from '../support/orm/execute.js'

/** Tools that are not run here say again what they said to SQLite, and hear what SQLite answered. */
export const describeCapturedTools = (of: () => TestCluster): void => {
  const describeTool = (name: 'prisma' | 'drizzle-kit', more: (execute: () => Execute) => void): void => {
    const { tool, phases } = readCaptured(name)
    describe(`what ${tool} said`, () => {
      let execute: Execute
      beforeAll(() => {
        execute = executeOn(of(), `captured-${name}`).execute
      })
      for (const [phase, statements] of Object.entries(phases)) {
        test(`${phase}: ${statements.length} statements are answered as SQLite answered them`, async () => {
          for (const said of statements) {
            const { answered, expected } = await sayAgain(execute, said)
            expect([said.sql, answered]).toEqual([said.sql, expected])
          }
        })
      }
      more(() => execute)
    })
  }

  describeTool('prisma', (execute) => {
    test('omitted defaults were filled in, and a table that others refer to is not dropped under them', async () => {
      const user = 'INSERT INTO `main`.`User` (`email`, `updatedAt`) VALUES (?,?) RETURNING `id`, `createdAt`'
      const { rows } = await execute()(user, ['z@x', '2026-01-01T00:00:00.000+00:00'])
      expect(rows[0]?.[1]).toMatch(/^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$/)
      const label = 'INSERT INTO `main`.`Tag` (`id`, `label`) VALUES (?,?) RETURNING `made`'
      expect((await execute()(label, ['t', 'blue'])).rows[0]?.[0]).toMatch(/^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/)
      await execute()('INSERT INTO `main`.`Post` (`title`, `authorId`) VALUES (?,?)', ['kept', rows[0]?.[0]])
      // Prisma says `PRAGMA foreign_keys=OFF` before, which is refused here.
      expect(await failure(execute()('DROP TABLE "User"'))).toMatch(/^SQLITE_CONSTRAINT/)
      expect((await execute()('SELECT count(*) FROM "User"')).rows).not.toEqual([[0]])
    })
  })

  describeTool('drizzle-kit', (execute) => {
    test('omitted defaults were filled in', async () => {
      const sql = 'insert into "users" ("name") values (?) returning "created_at", "made_ms", "token"'
      const [row] = (await execute()(sql, ['a'])).rows
      expect(row?.[0]).toMatch(/^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$/)
      expect(Math.abs(Date.now() - Number(row?.[1]))).toBeLessThan(600_000)
      expect(row?.[2]).toMatch(/^[0-9a-f]{32}$/)
    })
  })
}
