import { corpusCases } from '../corpus.js'
import type { Random } from './random.js'
import { generateStatement } from './statement.js'

const STATEMENTS = corpusCases().map(([sql]) => sql)
const PIECES = [
  ...[
    "'",
    '"',
    '`',
    '[',
    ']',
    '/*',
    '*/',
    '--',
    '\n',
    '\r',
    '-',
    '(',
    ')',
    ',',
    '.',
    ';',
    '::',
    ':',
    '?',
    '?1',
    '$a(',
    '@',
  ],
  ...[
    "x'",
    "x'0",
    '1_',
    '1e',
    '0x',
    '1',
    '!',
    '#',
    '\\',
    '\0',
    '\v',
    '\f',
    '\ufeff',
    '\u00a0',
    '\u2028',
    '\ud800',
    '😀',
    'é',
  ],
  ...[
    'a',
    't',
    ' ',
    'SELECT ',
    'WITH x AS (',
    'VALUES (',
    'CASE ',
    ' END',
    'CREATE TRIGGER t ',
    'BEGIN ',
    'INSERT INTO t ',
  ],
  ...[
    'INSERT INTO users DEFAULT VALUES',
    'UPDATE t SET a = ',
    'DELETE FROM ',
    'RETURNING ',
    'EXPLAIN ',
    'PRAGMA ',
    'CREATE TABLE n(',
    'DEFAULT ',
  ],
  ...[
    'datetime(',
    "'now'",
    'random()',
    'date(',
    'CURRENT_TIMESTAMP',
    'strftime(',
    'randomblob(',
    'changes()',
    ' AS ',
    'UNION ',
    'ON CONFLICT ',
  ],
] as const

/** Longest text, in UTF-16 code units: work that grows with the square of it takes seconds, linear work milliseconds. */
const LONG = 120_000

/** A text of any kind: statements, what is left of them, soups of pieces, noise, and long repetitions. */
export const generateText = (random: Random): string => {
  switch (random.below(8)) {
    case 0:
      return generateStatement(random).sql
    case 1:
    case 2:
      return mutate(random, random.pick(STATEMENTS))
    case 3:
      return mutate(random, generateStatement(random).sql)
    case 4: {
      const [one, other] = [random.pick(STATEMENTS), random.pick(STATEMENTS)]
      return `${one.slice(0, random.below(one.length + 1))}${piece(random)}${other.slice(random.below(other.length + 1))}`
    }
    case 5:
      return Array.from({ length: random.below(200) }, () => String.fromCharCode(noise(random))).join('')
    case 6:
      return soup(random, 40)
    default:
      return random.once(20) ? repeated(random) : soup(random, 12)
  }
}

const piece = (random: Random): string => random.pick(PIECES)

const soup = (random: Random, most: number): string =>
  Array.from({ length: random.below(most) }, () => `${piece(random)}${random.once(3) ? ' ' : ''}`).join('')

const noise = (random: Random): number => (random.once(3) ? random.below(0x1_0000) : random.below(0x80))

const mutate = (random: Random, sql: string): string => {
  let text = sql
  for (let times = random.below(4); times >= 0; times -= 1) {
    const at = random.below(text.length + 1)
    text = `${text.slice(0, at)}${random.once(2) ? piece(random) : ''}${text.slice(at + random.below(3))}`
  }
  return text
}

const repeated = (random: Random): string => {
  const middle = random.once(2) ? piece(random) : soup(random, 5) || ' '
  const [before, after] = [soup(random, 4), soup(random, 4)]
  return `${before}${middle.repeat(Math.ceil(LONG / middle.length))}${after}`
}
