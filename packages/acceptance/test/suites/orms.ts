import type { TestCluster } from '@dbcluster/testkit'
import { describe, expect, test } from '@jest/globals'
import { desc, eq, sql as raw } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { drizzle } from 'drizzle-orm/sqlite-proxy'
import { type Generated, sql } from 'kysely'
import { EntitySchema, Like } from 'typeorm'
import { readCaptured, sayAgain } from '../support/orm/captured.js'
import { type Execute, executeOn } from '../support/orm/execute.js'
import { knexOver } from '../support/orm/knex.js'
import { kyselyOver } from '../support/orm/kysely.js'
import { typeormOver } from '../support/orm/typeorm.js'

const TIMESTAMP = /^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$/

/** Tools that write SQL for SQLite, with what they really write: nothing of it is refused, and it does what it says. */
export const describeOrms = (of: () => TestCluster): void =>
  describe('what popular tools write for SQLite', () => {
    let at = 0
    let execute: Execute
    let said: string[]
    /** A database for each of them. */
    const open = (): void => {
      at += 1
      const line = executeOn(of(), `tool-${at}`)
      execute = line.execute
      said = line.said
    }
    describe('Kysely', () => {
      interface Users {
        readonly id: Generated<number>
        readonly name: string
        readonly email: string | null
        readonly created_at: Generated<string>
      }
      test('schema, writes, reads and introspection', async () => {
        open()
        const db = kyselyOver<{ users: Users }>(execute)
        await db.schema
          .createTable('users')
          .ifNotExists()
          .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
          .addColumn('name', 'varchar(255)', (column) => column.notNull())
          .addColumn('email', 'text', (column) => column.unique())
          .addColumn('created_at', 'timestamp', (column) => column.defaultTo(sql`CURRENT_TIMESTAMP`).notNull())
          .execute()
        await db.schema.createIndex('users_name').on('users').column('name').execute()
        const made = await db
          .insertInto('users')
          .values({ name: 'a', email: 'a@x' })
          .returningAll()
          .executeTakeFirstOrThrow()
        expect(made).toMatchObject({ id: 1, created_at: expect.stringMatching(TIMESTAMP) })
        await db
          .insertInto('users')
          .values([
            { name: 'b', email: 'b@x' },
            { name: 'c', email: 'c@x' },
          ])
          .execute()
        const again = { name: 'a2', email: 'a@x' }
        await db
          .insertInto('users')
          .values(again)
          .onConflict((on) => on.column('email').doUpdateSet({ name: 'a2' }))
          .execute()
        await db
          .insertInto('users')
          .values(again)
          .onConflict((on) => on.doNothing())
          .execute()
        await db
          .insertInto('users')
          .columns(['name'])
          .expression(db.selectFrom('users').select('name').where('id', '=', 1))
          .execute()
        await db.updateTable('users').set({ name: sql`upper(name)` }).where('id', 'in', [2, 3]).execute()
        await db.deleteFrom('users').where('name', '=', 'C').execute()
        const rows = await db
          .with('named', (inner) => inner.selectFrom('users').select(['id', 'name', 'created_at']))
          .selectFrom('named')
          .innerJoin('users', 'users.id', 'named.id')
          .select(['named.name', 'users.created_at'])
          .orderBy('named.id')
          .execute()
        expect(rows.map(({ name }) => name)).toEqual(['a2', 'B', 'a2'])
        for (const row of rows) expect(row.created_at).toMatch(TIMESTAMP)
        const [table] = await db.introspection.getTables()
        expect(table?.columns.map(({ name, hasDefaultValue }) => [name, hasDefaultValue])).toEqual([
          ['id', false],
          ['name', false],
          ['email', false],
          ['created_at', true],
        ])
        await db.schema
          .alterTable('users')
          .addColumn('age', 'integer', (column) => column.defaultTo(1))
          .execute()
        await db.schema.alterTable('users').renameColumn('age', 'years').execute()
        await db.schema.alterTable('users').dropColumn('years').execute()
        await db.schema.alterTable('users').renameTo('people').execute()
        await db.schema.dropTable('people').execute()
      })
    })

    describe('Knex', () => {
      test('schema, writes, reads and introspection', async () => {
        open()
        const db = knexOver(execute)
        try {
          await db.schema.createTable('users', (table) => {
            table.increments('id')
            table.string('name').notNullable()
            table.string('email').unique()
            table.boolean('active').defaultTo(true)
            table.timestamps(true, true)
          })
          expect(await db.schema.hasTable('users')).toBe(true)
          expect(await db.schema.hasColumn('users', 'created_at')).toBe(true)
          expect(await db('users').insert({ name: 'a', email: 'a@x' })).toEqual([1])
          await db('users').insert([{ name: 'b' }, { name: 'c', email: 'c@x' }])
          expect(await db('users').insert({ name: 'd' }).returning(['id', 'created_at'])).toEqual([
            { id: 4, created_at: expect.stringMatching(TIMESTAMP) },
          ])
          await db('users').insert({ name: 'a2', email: 'a@x' }).onConflict('email').merge()
          await db('users').insert({ name: 'a3', email: 'a@x' }).onConflict('email').ignore()
          expect(await db('users').where('id', 2).update({ name: 'B', updated_at: db.fn.now() })).toBe(1)
          expect(await db('users').where('name', 'like', 'c%').del()).toBe(1)
          const rows = await db('users').select('name', 'updated_at').orderBy('id').limit(10)
          expect(rows.map((row) => [row.name, TIMESTAMP.test(row.updated_at)])).toEqual([
            ['a2', true],
            ['B', true],
            ['d', true],
          ])
          const info = (await db('users').columnInfo()) as unknown as Record<string, { defaultValue: unknown }>
          expect(info.created_at?.defaultValue).toBe('CURRENT_TIMESTAMP')
          expect(await db('users').count('* as n').first()).toEqual({ n: 3 })
          await db.schema.alterTable('users', (table) => table.integer('age').defaultTo(1))
          await db.schema.renameTable('users', 'people')
          await db.schema.dropTableIfExists('people')
        } finally {
          await db.destroy()
        }
      })
    })

    describe('Drizzle', () => {
      const users = sqliteTable('users', {
        id: integer('id').primaryKey({ autoIncrement: true }),
        name: text('name').notNull(),
        email: text('email').unique(),
        createdAt: text('created_at').default(raw`(CURRENT_TIMESTAMP)`).notNull(),
        madeMs: integer('made_ms', { mode: 'timestamp_ms' }).default(raw`(unixepoch() * 1000)`).notNull(),
      })
      const posts = sqliteTable('posts', {
        id: integer('id').primaryKey({ autoIncrement: true }),
        title: text('title').notNull(),
        userId: integer('user_id')
          .notNull()
          .references(() => users.id, { onDelete: 'cascade' }),
      })
      test('migrations, writes, reads and introspection', async () => {
        open()
        for (const one of readCaptured('drizzle-kit').phases.migrate ?? []) await sayAgain(execute, one)
        const db = drizzle(async (text, args, method) => {
          const { rows } = await execute(text, args)
          return { rows: (method === 'get' ? rows[0] : rows) as never }
        })
        const [made] = await db.insert(users).values({ name: 'a', email: 'a@x' }).returning()
        expect(made).toMatchObject({ id: 1, name: 'a', createdAt: expect.stringMatching(TIMESTAMP) })
        expect(Math.abs(Date.now() - (made?.madeMs.getTime() ?? 0))).toBeLessThan(600_000)
        await db.insert(users).values([{ name: 'b' }, { name: 'c', email: 'c@x' }])
        await db
          .insert(users)
          .values({ name: 'x', email: 'a@x' })
          .onConflictDoUpdate({ target: users.email, set: { name: 'a2' } })
        await db.insert(users).values({ name: 'x', email: 'a@x' }).onConflictDoNothing()
        await db.insert(posts).values([
          { title: 'one', userId: 1 },
          { title: 'two', userId: 1 },
        ])
        await db.update(users).set({ name: 'B', createdAt: raw`(CURRENT_TIMESTAMP)` }).where(eq(users.id, 2))
        await db.delete(users).where(eq(users.name, 'c'))
        const joined = await db
          .select()
          .from(posts)
          .innerJoin(users, eq(posts.userId, users.id))
          .orderBy(desc(posts.id))
        expect(joined.map((row) => [row.posts.id, row.posts.title, row.users.id, row.users.name])).toEqual([
          [2, 'two', 1, 'a2'],
          [1, 'one', 1, 'a2'],
        ])
        expect(await db.select({ n: raw<number>`count(*)` }).from(users)).toEqual([{ n: 2 }])
      })
    })

    describe('TypeORM', () => {
      interface Row {
        id: number
        name: string
        createdAt: Date
        updatedAt: Date
      }
      const User = new EntitySchema<Row>({
        name: 'User',
        columns: {
          id: { type: 'integer', primary: true, generated: 'increment' },
          name: { type: 'varchar', unique: true },
          createdAt: { type: 'datetime', createDate: true },
          updatedAt: { type: 'datetime', updateDate: true },
        },
      })
      test('synchronized schema, entities saved, found, changed and removed', async () => {
        open()
        const source = await typeormOver(execute, [User])
        const users = source.getRepository(User)
        const saved = await users.save([users.create({ name: 'a' }), users.create({ name: 'b' })])
        expect(saved.map(({ id }) => id)).toEqual([1, 2])
        const [first] = await users.find({ where: { name: Like('a%') }, order: { id: 'DESC' } })
        expect(Math.abs(Date.now() - (first?.createdAt.getTime() ?? 0))).toBeLessThan(600_000)
        if (first !== undefined) await users.save({ ...first, name: 'a2' })
        // The id of a row that was there already is not an insert's: TypeORM must not look for it.
        const again = users.createQueryBuilder().insert().values({ name: 'b' }).orUpdate(['name'], ['name'])
        await again.updateEntity(false).execute()
        await users.createQueryBuilder().insert().values({ name: 'c' }).orIgnore().execute()
        await users.createQueryBuilder().update().set({ name: 'C' }).where('name = :name', { name: 'c' }).execute()
        expect((await users.find({ order: { id: 'ASC' } })).map(({ name }) => name)).toEqual(['a2', 'b', 'C'])
        expect(await users.count()).toBe(3)
        // A second start finds the schema as it wrote it, and has nothing to change.
        const before = said.length
        await source.synchronize()
        expect(said.slice(before).filter((one) => /^\s*(?:create|drop|alter|insert)/i.test(one))).toEqual([])
        await users.remove(await users.find())
        await source.destroy()
        expect(said.some((one) => /DEFAULT \(datetime\('now'\)\)/.test(one))).toBe(true)
      })
    })
  })
