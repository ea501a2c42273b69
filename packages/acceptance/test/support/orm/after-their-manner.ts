/**
 * What tools say that are not run here. Written by hand after their manner, not captured from them: replace a
 * statement by a captured one wherever the two are found to differ.
 * `?` stands for one of the arguments beside it.
 */
export type Said = string | readonly [sql: string, ...args: readonly unknown[]]

/**
 * After Prisma 6 for SQLite: migrations and the statements of its query engine.
 */
export const PRISMA: readonly Said[] = [
  'CREATE TABLE "User" (\n    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,\n    "email" TEXT NOT NULL,\n    "name" TEXT,\n    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,\n    "updatedAt" DATETIME NOT NULL\n)',
  'CREATE TABLE "Post" (\n    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,\n    "title" TEXT NOT NULL,\n    "published" BOOLEAN NOT NULL DEFAULT false,\n    "authorId" INTEGER NOT NULL,\n    CONSTRAINT "Post_authorId_fkey" FOREIGN KEY ("authorId") REFERENCES "User" ("id") ON DELETE RESTRICT ON UPDATE CASCADE\n)',
  'CREATE UNIQUE INDEX "User_email_key" ON "User"("email")',
  [
    'INSERT INTO `main`.`User` (`email`, `name`, `updatedAt`) VALUES (?,?,?) RETURNING `id` AS `id`, `email` AS `email`, `createdAt` AS `createdAt`',
    'a@x',
    'A',
    '2026-01-01 00:00:00 UTC',
  ],
  [
    'INSERT INTO `main`.`User` (`email`, `updatedAt`) VALUES (?,?), (?,?)',
    'b@x',
    '2026-01-01 00:00:00 UTC',
    'c@x',
    '2026-01-01 00:00:00 UTC',
  ],
  [
    'INSERT INTO `main`.`User` (`email`, `updatedAt`) VALUES (?,?) ON CONFLICT (`email`) DO UPDATE SET `name` = ? WHERE (`main`.`User`.`email` = ? AND 1=1) RETURNING `id` AS `id`',
    'a@x',
    'now',
    'A2',
    'a@x',
  ],
  ['INSERT OR IGNORE INTO `main`.`Post` (`title`, `authorId`) VALUES (?,?)', 'T', 1],
  [
    'SELECT `main`.`User`.`id`, `main`.`User`.`createdAt` FROM `main`.`User` WHERE (`main`.`User`.`email` LIKE ? AND 1=1) ORDER BY `main`.`User`.`id` ASC LIMIT ? OFFSET ?',
    '%x',
    -1,
    0,
  ],
  'SELECT COUNT(*) AS `_count._all` FROM (SELECT `main`.`User`.`id` FROM `main`.`User` WHERE 1=1 LIMIT -1 OFFSET 0) AS `sub`',
  [
    'UPDATE `main`.`User` SET `name` = ?, `updatedAt` = ? WHERE (`main`.`User`.`id` = ? AND 1=1) RETURNING `id` AS `id`',
    'B',
    '2026-01-02 00:00:00 UTC',
    2,
  ],
  // A changed column makes a new table of the old one.
  'CREATE TABLE "new_User" (\n    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,\n    "email" TEXT NOT NULL,\n    "name" TEXT NOT NULL DEFAULT \'\',\n    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,\n    "updatedAt" DATETIME NOT NULL\n)',
  'INSERT INTO "new_User" ("createdAt", "email", "id", "name", "updatedAt") SELECT "createdAt", "email", "id", coalesce("name", \'\') AS "name", "updatedAt" FROM "User"',
  'DELETE FROM "Post"',
  'DROP TABLE "User"',
  'ALTER TABLE "new_User" RENAME TO "User"',
  'CREATE UNIQUE INDEX "User_email_key" ON "User"("email")',
  ['INSERT INTO `main`.`User` (`email`, `updatedAt`) VALUES (?,?)', 'd@x', '2026-01-01 00:00:00 UTC'],
  'CREATE TABLE "_prisma_migrations" (\n    "id"                    TEXT PRIMARY KEY NOT NULL,\n    "checksum"              TEXT NOT NULL,\n    "finished_at"           DATETIME,\n    "migration_name"        TEXT NOT NULL,\n    "logs"                  TEXT,\n    "rolled_back_at"        DATETIME,\n    "started_at"            DATETIME NOT NULL DEFAULT current_timestamp,\n    "applied_steps_count"   INTEGER UNSIGNED NOT NULL DEFAULT 0\n)',
  ['INSERT INTO `_prisma_migrations` (`id`, `checksum`, `migration_name`) VALUES (?,?,?)', 'm1', 'c', 'init'],
  // Introspection.
  "SELECT name FROM sqlite_master WHERE type='table' ORDER BY name ASC",
  'PRAGMA table_info ("User")',
  'PRAGMA foreign_key_list("Post")',
  'PRAGMA index_list("User")',
  'PRAGMA index_info("User_email_key")',
]

/**
 * After drizzle-kit 0.31 for SQLite: migrations, its table of migrations, and in short how `push` looks at a schema.
 */
export const DRIZZLE_KIT: readonly Said[] = [
  'CREATE TABLE `users` (\n\t`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,\n\t`name` text NOT NULL,\n\t`email` text,\n\t`created_at` text DEFAULT (CURRENT_TIMESTAMP) NOT NULL,\n\t`made_ms` integer DEFAULT (unixepoch() * 1000) NOT NULL\n)',
  'CREATE UNIQUE INDEX `users_email_unique` ON `users` (`email`)',
  'CREATE TABLE `posts` (\n\t`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,\n\t`title` text NOT NULL,\n\t`user_id` integer NOT NULL,\n\tFOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade\n)',
  'CREATE TABLE IF NOT EXISTS "__drizzle_migrations" (\n\t\t\t\tid SERIAL PRIMARY KEY,\n\t\t\t\thash text NOT NULL,\n\t\t\t\tcreated_at numeric\n\t\t\t)',
  'SELECT id, hash, created_at FROM "__drizzle_migrations" ORDER BY created_at DESC LIMIT 1',
  ['INSERT INTO "__drizzle_migrations" ("hash", "created_at") VALUES(?, ?)', 'h', 1_700_000_000_000],
  'SELECT m.name as "tableName", p.name as "columnName", p.type as "columnType", p."notnull" as "notNull", p.dflt_value as "defaultValue", p.pk as pk, p.hidden as hidden, m.sql, m.type as type FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS p WHERE (m.type = \'table\' OR m.type = \'view\') and m.tbl_name != \'sqlite_sequence\' and m.tbl_name != \'sqlite_stat1\'',
]
