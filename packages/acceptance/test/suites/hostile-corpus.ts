import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SqlValue } from '@dbcluster/protocol'
import { planStatement } from '@dbcluster/sql'
import { corpusCases, type Expected, SCHEMA } from '@dbcluster/sql/corpus'
import { eventually, type HttpAnswer, type TestCluster } from '@dbcluster/testkit'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { errorOf } from '../support/errors.js'
import { accessIsRecorded, markUnread, openFilesOf, treeOf, wasRead } from '../support/file-watch.js'
import { localRows, pastNode, replicasOf } from '../support/rqlite-view.js'

const DATABASE = 'hostile'
const VICTIM = 'other_vault'
/** Stands in a file of the machine, and in another app's database; in no answer. */
const SECRET = 'the-words-of-somebody-else'
const ENDPOINTS = ['exec', 'query', 'transaction', 'batch'] as const

/** Every statement of the corpus, sent to real nodes: nothing outside of the database's own directory is touched. */
export const describeHostileCorpus = (of: () => TestCluster): void =>
  describe('hostile and tricky statements', () => {
    const loot = (): string => join(of().directory, 'loot')
    const secretFile = (): string => join(of().directory, 'secret.txt')
    const victims = (): readonly string[] =>
      of().nodes.map(({ dataDir }) => join(dataDir, VICTIM, 'rqlite', 'db.sqlite'))

    /** The statement, with what it reaches for put where it can be seen. */
    const aimed = (sql: string): string =>
      sql
        .replaceAll('/etc/passwd', secretFile())
        .replaceAll("'/tmp/", `'${loot()}/`)
        .replaceAll('/tmp/x?', `${victims()[0]}?`)

    const send = (
      endpoint: (typeof ENDPOINTS)[number],
      sql: string,
      args: readonly SqlValue[],
    ): Promise<HttpAnswer> => {
      const one = endpoint === 'exec' || endpoint === 'query'
      return of().http.post(endpoint, { database: DATABASE, ...(one ? { sql, args } : { queries: [{ sql, args }] }) })
    }
    const vault = (endpoint: string, json: object): Promise<HttpAnswer> =>
      of().http.request(`/v1/database/${endpoint}`, {
        method: 'POST',
        json: { database: 'vault', ...json },
        key: of().keys.other ?? '',
      })

    /** The schema of the corpus, whatever became of it. A virtual table goes before the tables it is made of. */
    const reset = async (): Promise<void> => {
      const { body } = await of().http.get(`schema?database=${DATABASE}`)
      const { tables } = body as { readonly tables: readonly { readonly name: string; readonly type: string }[] }
      const drops = tables.map(({ name, type }) => `DROP ${type} IF EXISTS "${name.replaceAll('"', '""')}"`)
      const creates = SCHEMA.split(';')
        .map((sql) => sql.trim())
        .filter((sql) => sql !== '' && !/_dbcluster|_rqlite/.test(sql))
      const { body: done } = await of().http.post('batch', { database: DATABASE, queries: [...drops, ...creates] })
      const { results } = done as { readonly results: readonly { readonly error?: unknown }[] }
      expect(results.slice(drops.length).filter(({ error }) => error !== undefined)).toEqual([])
    }

    let filesBefore: ReadonlyMap<string, string>
    let openBefore: ReadonlySet<string>
    beforeAll(async () => {
      mkdirSync(loot(), { recursive: true })
      writeFileSync(secretFile(), SECRET)
      await vault('create-table', { schema: 'CREATE TABLE users (name TEXT)' })
      await vault('exec', { sql: 'INSERT INTO users VALUES (?)', args: [SECRET] })
      await of().http.post('open', { database: DATABASE })
      await reset()
      await eventually('every copy has the secret', async () => String(await vaultAsKept()) === SECRET)
      markUnread(secretFile())
      filesBefore = treeOf(of().directory)
      openBefore = new Set(replicasOf(of(), DATABASE).flatMap(({ pid }) => openFilesOf(pid)))
    }, 60_000)

    /** The different contents of the other app's database on its replicas: one, and always the same. */
    const vaultAsKept = async (): Promise<readonly string[]> => {
      const replicas = of()
        .rqliteds()
        .filter(({ database }) => database === VICTIM)
      const kept = await Promise.all(replicas.map((one) => localRows(one, 'SELECT name FROM users')))
      return [...new Set(kept.map((rows) => rows.join()))]
    }

    /** What the statements did beside their database; to be empty. */
    const harm = (): readonly string[] => {
      const changed = [...treeOf(of().directory)].filter(([file, state]) => filesBefore.get(file) !== state)
      const opened = replicasOf(of(), DATABASE).flatMap(({ pid, node }) => {
        const own = join(of().nodes[node]?.dataDir ?? '', `${of().app}_${DATABASE}`)
        return openFilesOf(pid).filter((file) => !openBefore.has(file) && !file.startsWith(`${own}/`))
      })
      const read = wasRead(secretFile()) ? ['the secret file was read'] : []
      return [...changed.map(([file]) => file).filter(isOutside), ...opened, ...read]
    }

    test.each(corpusCases().map(([sql, expected]) => ({ name: JSON.stringify(sql).slice(0, 90), sql, expected })))(
      '$name is $expected at every endpoint, and does no harm',
      async ({ sql, expected }) => {
        const text = aimed(sql)
        const tryAt = async (endpoint: (typeof ENDPOINTS)[number]): Promise<void> => {
          const answer = await send(endpoint, text, argsOf(text))
          expect(answer.text).not.toContain(SECRET)
          expect([endpoint, outcomeOf(answer, expected, endpoint)]).toEqual([endpoint, 'as expected'])
        }
        // What changes something goes one after the other; nothing else can get in another's way.
        if (/^(?:write|ddl)/.test(expected)) for (const endpoint of ENDPOINTS) await tryAt(endpoint)
        else await Promise.all(ENDPOINTS.map(tryAt))
        expect(harm()).toEqual([])
        if (expected === 'ddl') await reset()
      },
    )

    test("and when they aim at another app's file", async () => {
      for (const victim of victims()) {
        for (const sql of [
          `ATTACH DATABASE '${victim}' AS x`,
          `ATTACH 'file:${victim}?mode=ro' AS x`,
          `EXPLAIN ATTACH '${victim}' AS x`,
          `SELECT 1; ATTACH '${victim}' AS x`,
          `SELECT 1 -- \r '\n; ATTACH '${victim}' AS x --'`,
          `SELECT readfile('${victim}')`,
          `CREATE VIRTUAL TABLE x USING csv(filename='${victim}')`,
          `VACUUM INTO '${victim}'`,
          `SELECT * FROM ${VICTIM}.users`,
          'SELECT * FROM x.users',
        ]) {
          for (const endpoint of ENDPOINTS) {
            const answer = await send(endpoint, sql, [])
            expect(answer.text).not.toContain(SECRET)
            expect([sql, codeOf(answer)]).toEqual([sql, expect.stringMatching(/^SQL_(?!NOT)/)])
          }
        }
      }
    })

    test('no file was made, changed or opened, and others have what they had', async () => {
      expect(harm()).toEqual([])
      expect(readdirSync(loot())).toEqual([])
      // It may have fallen asleep meanwhile.
      expect((await vault('query', { sql: 'SELECT * FROM users' })).body).toMatchObject({ rows: [[SECRET]] })
      await eventually('every copy has what it had', async () => String(await vaultAsKept()) === SECRET)
    })

    test('which would be seen: past the node, rqlite does all of it', async () => {
      const [replica] = replicasOf(of(), DATABASE)
      const victim = victims()[replica?.node ?? 0]
      if (replica === undefined) throw new Error('no process')
      const stolen = await pastNode(replica, 'query', ['ATTACH DATABASE ? AS x', victim], ['SELECT name FROM x.users'])
      expect(JSON.stringify(stolen)).toContain(SECRET)
      expect(harm()).toContainEqual(expect.stringContaining(VICTIM))
      await pastNode(replica, 'execute', ['VACUUM INTO ?', join(loot(), 'x.db')])
      expect(harm()).toContain('loot/x.db')
      readFileSync(secretFile())
      if (accessIsRecorded(of().directory)) expect(harm()).toContain('the secret file was read')
      rmSync(loot(), { recursive: true })
      // One of its connections has the other database attached now.
      await of().ask(0, { op: 'delete', database: DATABASE })
    })
  })

const codeOf = (answer: HttpAnswer): string => {
  const { results } = answer.body as { readonly results?: readonly { readonly error?: { readonly code: string } }[] }
  const failed = answer.status === 200 ? results?.[0]?.error : errorOf(answer)
  return failed?.code ?? 'ok'
}

/** Whether an answer is one that the expected class allows; otherwise what it was. */
const outcomeOf = (answer: HttpAnswer, expected: Expected, endpoint: string): string => {
  const code = codeOf(answer)
  const asExpected = (right: boolean): string => (right ? 'as expected' : code)
  // An empty text is no request to the gateway.
  if (expected.includes('_'))
    return asExpected(code === expected || (expected === 'SQL_ERROR' && code === 'INVALID_REQUEST'))
  const isRead = expected.startsWith('read') || expected === 'pragma-read'
  if (endpoint === 'query' && !isRead) return asExpected(code === 'SQL_NOT_A_READ')
  // rqlited 8 runs no EXPLAIN of what writes (DESIGN.md of the package sql).
  if (expected === 'read explain' && code === 'SQL_NOT_A_READ') return 'as expected'
  // What SQLite itself finds (a constraint, a name that is taken) is no matter of classes.
  return asExpected(/^(ok|SQL_ERROR|SQLITE_.*|NONDETERMINISTIC_SQL)$/.test(code))
}

const argsOf = (sql: string): readonly SqlValue[] => {
  try {
    return Array.from({ length: planStatement(sql).parameters.count }, () => 1)
  } catch {
    return []
  }
}

/** Whether a file is none that changes while nodes work: logs, and what lies in their data directories. */
const isOutside = (file: string): boolean => !/\.log$|^node-\d+\/|^gateway/.test(file)
