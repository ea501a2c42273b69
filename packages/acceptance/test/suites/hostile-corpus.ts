import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import type { SqlValue } from '@dbcluster/protocol'
import { planStatement } from '@dbcluster/sql'
import { corpusCases, type Expected, SCHEMA } from '@dbcluster/sql/corpus'
import { eventually, type HttpAnswer, type TestCluster } from '@dbcluster/testkit'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { errorOf } from '../support/errors.js'
import { localValue, pastNode, replicasOf } from '../support/rqlite-view.js'

const DATABASE = 'hostile'
/** Stands in a file of the machine, and in another app's database; in no answer. */
const SECRET = 'the-words-of-somebody-else'
const LONG_AGO = new Date('2001-01-01')
const ENDPOINTS = ['exec', 'query', 'transaction', 'batch'] as const

/** Every statement of the corpus, sent to real nodes: nothing outside of the database's own directory is touched. */
export const describeHostileCorpus = (of: () => TestCluster): void =>
  describe('hostile and tricky statements', () => {
    const loot = (): string => join(of().directory, 'loot')
    const secretFile = (): string => join(of().directory, 'secret.txt')
    const victims = (): readonly string[] =>
      of().nodes.flatMap(({ dataDir }) =>
        filesBelow(join(dataDir, 'other_vault')).filter((file) => /db\.sqlite$/.test(file)),
      )

    /** The statement with what it reaches for put where it can be seen. */
    const aimed = (sql: string, victim: string): string =>
      sql
        .replaceAll('/etc/passwd', secretFile())
        .replaceAll("'/tmp/", `'${loot()}/`)
        .replaceAll('/tmp/x?', `${victim}?`)

    const reset = async (): Promise<void> => {
      const shown = await of().http.get(`schema?database=${DATABASE}`)
      const { tables } = shown.body as { readonly tables: readonly { readonly name: string; readonly type: string }[] }
      const drops = tables.map(({ name, type }) => `DROP ${type} IF EXISTS "${name.replaceAll('"', '""')}"`)
      const creates = SCHEMA.split(';')
        .map((sql) => sql.trim())
        .filter((sql) => sql !== '' && !/_dbcluster|_rqlite/.test(sql))
      const { body } = await of().http.post('batch', { database: DATABASE, queries: [...drops.reverse(), ...creates] })
      const results = (body as { readonly results: readonly { readonly error?: unknown }[] }).results
      expect(results.slice(drops.length).filter(({ error }) => error !== undefined)).toEqual([])
    }

    const send = (endpoint: (typeof ENDPOINTS)[number], sql: string, args: readonly SqlValue[]): Promise<HttpAnswer> =>
      of().http.post(
        endpoint,
        endpoint === 'exec' || endpoint === 'query'
          ? { database: DATABASE, sql, args }
          : { database: DATABASE, queries: [{ sql, args }] },
      )

    let before: ReadonlyMap<string, string>
    beforeAll(async () => {
      const { http, keys } = of()
      mkdirSync(loot(), { recursive: true })
      writeFileSync(secretFile(), SECRET)
      const vault = (endpoint: string, json: object): Promise<HttpAnswer> =>
        http.request(`/v1/database/${endpoint}`, {
          method: 'POST',
          json: { database: 'vault', ...json },
          key: keys.other ?? '',
        })
      await vault('create-table', { schema: 'CREATE TABLE users (name TEXT)' })
      await vault('exec', { sql: 'INSERT INTO users VALUES (?)', args: [SECRET] })
      for (const rqlited of of()
        .rqliteds()
        .filter((one) => one.database === 'other_vault')) {
        await eventually(
          'every copy has it',
          async () => (await localValue(rqlited, 'SELECT count(*) FROM users')) === 1,
        )
      }
      await http.post('open', { database: DATABASE })
      await reset()
      // A read changes the time of the last access only where that lies before the last change (mount(8), relatime).
      utimesSync(secretFile(), LONG_AGO, new Date('2002-01-01'))
      before = treeOf(of().directory)
    }, 60_000)

    /** What of all this can be seen, as a list that should be empty. */
    const harm = (): readonly string[] => {
      const after = treeOf(of().directory)
      const changed = [...after].filter(([file, state]) => before.get(file) !== state).map(([file]) => file)
      const stray = replicasOf(of(), DATABASE).flatMap(({ pid, node }) =>
        openFiles(pid).filter((file) => file.startsWith('/') && !isOwn(file, of().nodes[node]?.dataDir ?? '')),
      )
      const read = statSync(secretFile()).atimeMs > LONG_AGO.getTime() ? ['the secret file was read'] : []
      return [...changed.filter(isOutside), ...stray, ...read]
    }

    test.each(corpusCases().map(([sql, expected]) => ({ name: JSON.stringify(sql).slice(0, 90), sql, expected })))(
      '$name is $expected at every endpoint, and does no harm',
      async ({ sql, expected }) => {
        const victim = victims()[0] ?? ''
        const text = aimed(sql, victim)
        const args = argsOf(text)
        for (const endpoint of ENDPOINTS) {
          const answer = await send(endpoint, text, args)
          expect(answer.text).not.toContain(SECRET)
          expect([endpoint, codeOf(answer, expected, endpoint)]).toEqual([endpoint, 'as expected'])
        }
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
          'SELECT * FROM other_vault.users',
          'SELECT * FROM x.users',
        ]) {
          for (const endpoint of ENDPOINTS) {
            const answer = await send(endpoint, sql, [])
            expect(answer.text).not.toContain(SECRET)
            expect([sql, answer.status]).toEqual([sql, endpoint === 'batch' && answer.status === 200 ? 200 : 400])
          }
        }
      }
    })

    test('no file was made, changed or opened, and nothing of others was read', async () => {
      expect(harm()).toEqual([])
      expect(readdirSync(loot())).toEqual([])
      for (const { pid } of of().rqliteds()) expect(existsSync(join(readlinkSync(`/proc/${pid}/cwd`), 'x'))).toBe(false)
      const { body } = await of().http.request('/v1/database/query', {
        method: 'POST',
        json: { database: 'vault', sql: 'SELECT * FROM users' },
        key: of().keys.other ?? '',
      })
      expect(body).toMatchObject({ rows: [[SECRET]] })
    })

    test('which would be seen: past the node, rqlite does all of it', async () => {
      const [replica] = replicasOf(of(), DATABASE)
      if (replica === undefined) throw new Error('no process')
      const victim = victims().find((file) => file.startsWith(of().nodes[replica.node]?.dataDir ?? '')) ?? ''
      const stolen = await pastNode(replica, 'query', ['ATTACH DATABASE ? AS x', victim], ['SELECT name FROM x.users'])
      expect(JSON.stringify(stolen)).toContain(SECRET)
      expect(harm()).toContainEqual(expect.stringContaining('other_vault'))
      await pastNode(replica, 'query', ['VACUUM INTO ?', join(loot(), 'x.db')])
      expect(harm()).toContainEqual(expect.stringMatching(/^loot/))
      readFileSync(secretFile())
      expect(harm()).toContain('the secret file was read')
      rmSync(join(loot(), 'x.db'), { force: true })
      rmSync(secretFile())
    })
  })

/** Whether an answer is one that the expected class allows; otherwise what it was. */
const codeOf = (answer: HttpAnswer, expected: Expected, endpoint: string): string => {
  const body = answer.body as { readonly results?: readonly { readonly error?: { readonly code: string } }[] }
  const failed = answer.status === 200 ? body.results?.[0]?.error : errorOf(answer)
  const code = failed?.code ?? 'ok'
  const refused = expected.includes('_')
  const isRead = expected === 'read' || expected.startsWith('read ') || expected === 'pragma-read'
  // An empty text is no request to the gateway.
  if (refused)
    return code === expected || (expected === 'SQL_ERROR' && code === 'INVALID_REQUEST') ? 'as expected' : code
  if (endpoint === 'query' && !isRead) return code === 'SQL_NOT_A_READ' ? 'as expected' : code
  // rqlited 8 runs no EXPLAIN of what writes (DESIGN.md of the package sql).
  if (expected === 'read explain' && code === 'SQL_NOT_A_READ') return 'as expected'
  // What SQLite itself finds (a constraint, a table of a name that is taken) is no matter of classes.
  return /^(ok|SQL_ERROR|SQLITE_.*|NONDETERMINISTIC_SQL)$/.test(code) ? 'as expected' : code
}

const argsOf = (sql: string): readonly SqlValue[] => {
  try {
    return Array.from({ length: planStatement(sql).parameters.count }, () => 1)
  } catch {
    return []
  }
}

const filesBelow = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

/** Every file with its size and the time of its last change. */
const treeOf = (directory: string): ReadonlyMap<string, string> =>
  new Map(
    filesBelow(directory).flatMap((file) => {
      const state = statSync(file, { throwIfNoEntry: false })
      return state === undefined ? [] : [[relative(directory, file), `${state.size} ${state.mtimeMs}`] as const]
    }),
  )

/** Whether a file is none that changes while nodes work: logs, a node's store, the database's own directory, Raft's files. */
const isOutside = (file: string): boolean =>
  !/\.log$|^node-\d+\/(?:[^_]*$|[^_]*\/|demo_|other_[^/]*\/(?!.*db\.sqlite(?:-wal)?$))|^gateway/.test(file)

const isOwn = (file: string, dataDir: string): boolean =>
  file.startsWith(join(dataDir, `demo_${DATABASE}`)) || !file.startsWith(dataDir.replace(/\/node-\d+$/, '/'))

const openFiles = (pid: number): readonly string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)]
    } catch {
      return [] // closed meanwhile
    }
  })
