import { readFileSync } from 'node:fs'
import { splitStatements } from '@dbcluster/sql'
import type { Execute } from './execute.js'

/** One call of a tool's driver. */
export interface Said {
  /** One statement, or a script of several. */
  readonly sql: string
  readonly args?: readonly unknown[]
  readonly columns?: readonly string[]
  readonly rows?: readonly (readonly unknown[])[]
}

/** What a tool said, in the order of what it did. */
interface Captured {
  readonly tool: string
  readonly phases: Readonly<Record<string, readonly Said[]>>
}

/** Reads one of the files in `captured/`. */
export const readCaptured = (name: 'prisma' | 'drizzle-kit'): Captured =>
  JSON.parse(readFileSync(new URL(`./captured/${name}.json`, import.meta.url), 'utf8')) as Captured

/** What no two runs have in common: the time, and the version of SQLite. */
const CHANGING = /^20\d\d-\d\d-\d\d[ T]\d\d:\d\d[:.\d]*(?:\+00:00)?$|^3\.\d+\.\d+$/

const comparable = (rows: readonly (readonly unknown[])[]): readonly (readonly unknown[])[] =>
  rows.map((row) =>
    row.map((value) => {
      if (value instanceof Uint8Array) return { $blob: Buffer.from(value).toString('base64') }
      return typeof value === 'string' ? value.replace(CHANGING, '…') : value
    }),
  )

const toArgument = (value: unknown): unknown => {
  const { $blob } = (value ?? {}) as { readonly $blob?: string }
  return $blob === undefined ? value : new Uint8Array(Buffer.from($blob, 'base64'))
}

/** Says it again. Resolves with what was answered and what SQLite had answered the tool, to be compared. */
export const sayAgain = async (
  execute: Execute,
  said: Said,
): Promise<{ readonly answered: readonly unknown[]; readonly expected: readonly unknown[] }> => {
  const statements = splitStatements(said.sql)
  if (statements.length > 1) {
    for (const { sql } of statements) await execute(sql)
    return { answered: [], expected: [] }
  }
  const { columns, rows } = await execute(said.sql, (said.args ?? []).map(toArgument))
  return {
    answered: [columns, comparable(rows)],
    expected: [said.columns ?? [], comparable(said.rows ?? [])],
  }
}
