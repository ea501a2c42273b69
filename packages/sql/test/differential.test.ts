import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { planStatement, type StatementPlan, splitStatements } from '../src/index.js'
import { CORPUS, corpusCases, SCHEMA } from './support/corpus.js'
import { planOrCode } from './support/describe-plan.js'
import { splitDisagreement, unsafeDisagreement } from './support/disagreement.js'
import { createRandom } from './support/generate/random.js'
import { generateStatement } from './support/generate/statement.js'
import { type Judge, openJudge } from './support/sqlite.js'

let judge: Judge
beforeAll(async () => {
  judge = await openJudge(SCHEMA)
})
afterAll(() => judge.close())

const statements = corpusCases().map(([sql]) => sql)

/** Pieces that statements, gaps and traps are made of. */
const PIECES = [
  ...[
    'SELECT',
    'INSERT',
    'REPLACE',
    'UPDATE',
    'DELETE',
    'WITH',
    'VALUES',
    'EXPLAIN',
    'QUERY',
    'PLAN',
    'CREATE',
    'DROP',
  ],
  ...['TEMP', 'TABLE', 'TRIGGER', 'VIRTUAL', 'VIEW', 'INDEX', 'ATTACH', 'VACUUM', 'PRAGMA', 'BEGIN', 'END', 'CASE'],
  ...['WHEN', 'THEN', 'AS', 'ON', 'INTO', 'FROM', 'SET', 'RETURNING', 'OR', 'IF', 'NOT', 'EXISTS', 'AFTER', 'COMMIT'],
  ...[
    't',
    'users',
    'a',
    'id',
    'x',
    '_dbcluster_meta',
    'begin',
    'end',
    '"select"',
    '[t]',
    '`a`',
    "'t'",
    '"',
    "'",
    '`',
    '[',
  ],
  ...['1', '0x1', '1e5', "x'00'", '?', '?2', ':n', '$a::b(c)', '*', '=', '(', ')', '(1)', ',', '.', ';', '; ', ';END;'],
  ...[
    '--',
    '-- c\n',
    '/*',
    '*/',
    '/* ; */',
    '/**/',
    '\n',
    '\t',
    '\v',
    '\f',
    '\u00a0',
    '\ufeff',
    '\0',
    '\\',
    '#1',
    '->',
    '||',
  ],
  ...['load_extension', '"load_extension"', 'pragma_database_list', 'table_info(t)', 'journal_mode', 'USING fts5'],
] as const

const gap = fc.constantFrom(' ', ' ', ' ', '', '\n', '/**/', '--\n')
const soup = fc
  .array(fc.tuple(fc.constantFrom(...PIECES), gap), { maxLength: 14 })
  .map((pieces) => pieces.flat().join(''))

/** Two statements of the corpus, cut anywhere and joined by anything. */
const splice = fc
  .tuple(
    fc.constantFrom(...statements),
    fc.constantFrom(...statements),
    fc.nat(200),
    fc.nat(200),
    fc.constantFrom(...PIECES, ''),
  )
  .map(([one, other, cut, from, piece]) => `${one.slice(0, cut)}${piece}${other.slice(from > other.length ? 0 : from)}`)

/** A statement of the corpus with one character gone or one piece put in. */
const mutation = fc
  .tuple(fc.constantFrom(...statements), fc.nat(200), fc.constantFrom(...PIECES, ''), fc.nat(1))
  .map(([sql, at, piece, gone]) => `${sql.slice(0, at)}${piece}${sql.slice(at + gone)}`)

describe('SQLite agrees', () => {
  test.each(statements)('about the corpus: %j', (sql) => {
    expect(unsafeDisagreement(judge, sql)).toBeUndefined()
    expect(splitDisagreement(judge, sql)).toBeUndefined()
  })

  const accepted = Object.entries(CORPUS)
    .filter(([expected]) => !expected.includes('_'))
    .flatMap(([, sql]) => sql)
  test('that statements that the corpus lets through are statements', () => {
    const broken = accepted.filter((sql) => judge.compile(sql).error !== undefined)
    expect(broken.map((sql) => [sql, judge.compile(sql).error])).toEqual([])
  })

  test.each([
    ['soups of pieces', soup, 2_000],
    ['spliced statements', splice, 3_000],
    ['mutated statements', mutation, 3_000],
    [
      'two statements',
      fc.tuple(fc.constantFrom(...statements), fc.constantFrom(...statements)).map((two) => two.join(';')),
      1_000,
    ],
  ])('about %s', (_, arbitrary, numRuns) => {
    let compared = 0
    fc.assert(
      fc.property(arbitrary, (sql) => {
        expect(unsafeDisagreement(judge, sql)).toBeUndefined()
        expect(splitDisagreement(judge, sql)).toBeUndefined()
        if (judge.compile(sql).statements.length > 0) compared++
      }),
      { numRuns },
    )
    // Texts that SQLite refuses outright prove nothing.
    expect(compared).toBeGreaterThan(numRuns / 100)
  })
})

describe('statements that a grammar makes', () => {
  const COUNT = 5_000
  const seed = Number(process.env.DBCLUSTER_TEST_SEED ?? Date.now() % 2 ** 32)

  test(`have one class, by the grammar, here and to SQLite (DBCLUSTER_TEST_SEED=${seed})`, () => {
    const random = createRandom(seed)
    const compiled = { read: 0, 'pragma-read': 0, write: 0, ddl: 0, refused: 0 }
    for (let made = 0; made < COUNT; made += 1) {
      const { sql, kind } = generateStatement(random)
      const { statements, error } = judge.compile(sql)
      if (error !== undefined) continue
      compiled[kind] += 1
      const plan = planOrCode(sql)
      const told = typeof plan === 'string' ? 'refused' : plan.kind
      expect([sql, told]).toEqual([sql, kind])
      expect([sql, unsafeDisagreement(judge, sql), splitDisagreement(judge, sql)]).toEqual([sql, undefined, undefined])
      if (typeof plan === 'string' || plan.explain) continue
      expect([sql, statements[0]?.readOnly]).toEqual([sql, kind === 'read' || kind === 'pragma-read'])
    }
    // Most compile, and each class is there in numbers: the comparison is one.
    const counts = Object.values(compiled)
    expect(counts.reduce((sum, count) => sum + count)).toBeGreaterThan(COUNT / 2)
    expect(Math.min(...counts)).toBeGreaterThan(COUNT / 50)
  })
})

describe('the comparison with SQLite finds planted bugs', () => {
  /** The plan of another text, passed off as that of this one. */
  const asIf = (change: (sql: string) => string) => (sql: string) => {
    const plan = planOrCode(change(sql))
    return typeof plan === 'string' ? plan : { ...plan, sql }
  }
  const but = (change: (plan: StatementPlan) => Partial<StatementPlan>) => (sql: string) => {
    const plan = planOrCode(sql)
    return typeof plan === 'string' ? plan : { ...plan, ...change(plan) }
  }
  const BUGS: Readonly<Record<string, (sql: string) => StatementPlan | string>> = {
    'what follows the first statement is not looked at': asIf((sql) => splitStatements(sql)[0]?.sql ?? sql),
    'comments nest': asIf((sql) => sql.replace(/\/\*(?:[^*]|\*(?!\/))*?\/\*[\s\S]*?\*\/[\s\S]*?\*\//g, ' ')),
    'a backslash escapes a quote': asIf((sql) => sql.replaceAll("\\'", '')),
    'a comment of two dashes ends at other ends of lines too': asIf((sql) => sql.replaceAll(/[\r\u2028]/g, '\n')),
    'no comment before the first word': asIf((sql) => sql.replace(/^[\s\S]*?\*\/\s*(?=SELECT)/i, '')),
    'WITH begins a read': but(({ sql, kind }) => ({ kind: /^WITH/i.test(sql) ? 'read' : kind })),
    'RETURNING makes a read': but(({ returning, kind }) => ({ kind: returning ? 'read' : kind })),
    'REPLACE is a function': but(({ verb, kind }) => ({ kind: verb === 'REPLACE' ? 'read' : kind })),
    'EXPLAIN is overlooked': but(() => ({ explain: false })),
    'names are one parameter each time': but((plan) => ({
      parameters: { ...plan.parameters, count: plan.parameters.uses.length },
    })),
    'quoted names are not compared': asIf((sql) => sql.replace(/["[`]_dbcluster_meta["\]`]/gi, 't')),
    'PRAGMA is let through': asIf((sql) => sql.replace(/^\W*PRAGMA[^;]*$/i, 'PRAGMA table_info(t)')),
    'TEMP is overlooked': asIf((sql) => sql.replace(/\bTEMP(ORARY)?\b/i, ' ')),
  }
  const random = createRandom(1)
  const generated = Array.from({ length: 3_000 }, () => generateStatement(random).sql)
  const texts = [...statements, ...fc.sample(mutation, { numRuns: 2_000, seed: 1 }), ...generated]

  test.each(Object.keys(BUGS))('%s', (bug) => {
    const found = texts.find((sql) => unsafeDisagreement(judge, sql, BUGS[bug]) !== undefined)
    expect(found).toBeDefined()
  })
})

describe('parameters are numbered as SQLite does', () => {
  const placeholder = fc.constantFrom('?', '?1', '?2', '?5', '?007', ':a', '@a', '$a', ':b', '$a::b', '$a(1)', ':é')
  test('in any mix', () => {
    fc.assert(
      fc.property(fc.array(placeholder, { maxLength: 12 }), (placeholders) => {
        const sql = `SELECT ${[...placeholders, '1'].join(', ')}`
        const { parameters } = planStatement(sql)
        const [compiled] = judge.compile(sql, parameters.names.keys()).statements
        expect(parameters.count).toBe(compiled?.parameterCount)
        for (const [name, number] of parameters.names) expect(compiled?.numberOf.get(name)).toBe(number)
        const bound = Array.from({ length: parameters.count }, (_, index) => index + 1)
        const expected = [...parameters.uses.map(({ parameter }) => parameter), 1]
        expect(judge.rows(sql, bound)).toEqual([expected])
      }),
      { numRuns: 500 },
    )
  })
})
