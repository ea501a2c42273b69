import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { tokenize } from '../src/index.js'
import { corpusCases } from './support/corpus.js'

/** Tokens as `type:text`, without white space. */
const lex = (sql: string): string[] =>
  tokenize(sql)
    .filter(({ type }) => type !== 'space')
    .map(({ type, start, end }) => `${type}:${sql.slice(start, end)}`)

/** The type of a text that is one token. */
const only = (sql: string): string => {
  const tokens = tokenize(sql)
  return tokens.length === 1 ? String(tokens[0]?.type) : lex(sql).join(' ')
}

describe('one token', () => {
  test.each([
    ['word', ['a', 'SELECT', '_x', 'a$b', 'x1', 'é', '\u00a0', '\u2003x', 'a\ufeffb', 'X', '表', '\u{1f600}']],
    ['quoted', ['"a"', '"a""b"', '`a``b`', '[a"b]', '""', '[]', '"a\nb"', '"--"', '[/*]']],
    ['string', ["''", "'a''b'", "'--'", "'/*'", "'\n'", "''''"]],
    ['number', ['1', '1.', '.5', '1.5', '1e5', '1E+5', '1.e-5', '0x1F', '0Xa', '1_000', '1_0.5_0e1_0', '0x1_1']],
    ['blob', ["x''", "x'00'", "X'aF'"]],
    ['variable', ['?', '?1', '?001', ':a', '@a', '$a', '#a', '$a::b', '$a(b)', ':1', '$::a', '@$']],
    ['comment', ['--', '-- a', '/**/', '/* * / */', '/* a', '/*/', '-- \r \u2028']],
    ['space', [' ', '\t\n\f\r ', ' \v', '\ufeff']],
    ['operator', ['->>', '->', '-', '==', '=', '<>', '<=', '<<', '!=', '||', '|', '~', '/', '%']],
    [
      'illegal',
      [
        '\v',
        '\0',
        '!',
        '^',
        '\\',
        '{',
        "'a",
        '"a',
        '`a',
        '[a',
        "x'0'",
        "x'g'",
        "x'0",
        '1a',
        '0x',
        '1_a',
        ':',
        '@',
        '$a(b',
        '\x7f',
      ],
    ],
  ])('%s', (type, texts) => {
    expect(texts.map((text) => [text, only(text)])).toEqual(texts.map((text) => [text, type]))
  })
})

describe('tokens side by side', () => {
  test.each([
    ["SELECT'a'", ['word:SELECT', "string:'a'"]],
    ['a--b\nc', ['word:a', 'comment:--b', 'word:c']],
    ['a-->b', ['word:a', 'comment:-->b']],
    ['/* /* */ */', ['comment:/* /* */', 'operator:*', 'operator:/']],
    ['1 /*', ['number:1', 'operator:/', 'operator:*']],
    ['1..2', ['number:1.', 'number:.2']],
    ['a.1', ['word:a', 'number:.1']],
    ['1e', ['illegal:1e']],
    ['1-e', ['number:1', 'operator:-', 'word:e']],
    ['?1a', ['variable:?1', 'word:a']],
    ['$a(b)1', ['variable:$a(b)', 'number:1']],
    [':a:b', ['variable::a', 'variable::b']],
    [':::a', ['variable::::a']],
    ["x 'a'", ['word:x', "string:'a'"]],
    ["ax'00'", ['word:ax', "string:'00'"]],
    ["x'0z' '", ["illegal:x'0z'", "illegal:'"]],
    ['[a]]', ['quoted:[a]', 'illegal:]']],
    ['$a(b c)', ['illegal:$a(b', 'word:c', 'rparen:)']],
    ['a!b', ['word:a', 'illegal:!', 'word:b']],
    ['\u00a0\ufeff', ['word:\u00a0\ufeff']],
  ])('%j', (sql, expected) => expect(lex(sql)).toEqual(expected))
})

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...'\'"`[]()-/*?:@$#xX01._eE;\n\r\t\v\f \0\ufeff\u00a0\ud800aé!'), maxLength: 60 }),
  fc.constantFrom(...corpusCases().map(([sql]) => sql)),
)

describe('any text', () => {
  test('is its tokens put together, none empty', () => {
    fc.assert(
      fc.property(text, (sql) => {
        const tokens = tokenize(sql)
        expect(tokens.map(({ start, end }) => sql.slice(start, end)).join('')).toBe(sql)
        expect(tokens.every(({ start, end }, at) => end > start && start === (tokens[at - 1]?.end ?? 0))).toBe(true)
      }),
      { numRuns: 5_000 },
    )
  })

  const CHUNKS = [
    "'",
    '"',
    '`',
    '[',
    '/*',
    '--',
    '-',
    "x'",
    "x'0",
    '$a(',
    ':',
    '::',
    '?',
    '(',
    '1_',
    '1e',
    '.',
    ';',
    'a',
    "''",
    '*/',
  ]
  test('takes time in proportion to its length', () => {
    const size = 100_000
    const times = CHUNKS.map((chunk) => {
      const sql = chunk.repeat(size / chunk.length)
      const begin = performance.now()
      tokenize(sql)
      return { chunk, ms: performance.now() - begin }
    })
    // A quadratic scan of 100,000 characters takes seconds; a linear one a few milliseconds.
    expect(times.filter(({ ms }) => ms > 500)).toEqual([])
  })
})
