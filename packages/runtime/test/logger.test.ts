import { PassThrough, Writable } from 'node:stream'
import { DbClusterError } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import { createLogger, type LoggerInit } from '../src/log/create-logger.js'

const collect = (init: LoggerInit = {}) => {
  const destination = new PassThrough()
  const lines = (): readonly string[] =>
    String(destination.read() ?? '')
      .split('\n')
      .slice(0, -1)
  return { logger: createLogger({ ...init, destination }), lines }
}

/** One logfmt line without its time. */
const line = (message: string, fields?: Record<string, unknown>): string => {
  const { logger, lines } = collect()
  logger.info(message, fields)
  const [text = '', ...rest] = lines()
  expect(rest).toEqual([])
  expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO /)
  return text.slice('2026-01-01T00:00:00.000Z '.length)
}

describe('a logfmt line', () => {
  test.each([
    [{ node_id: '12D3KooW', max_databases: 100 }, 'node_id=12D3KooW max_databases=100'],
    [
      { text: 'two words', empty: '', equal: 'a=b', quote: 'a"b' },
      'text="two words" empty="" equal="a=b" quote="a\\"b"',
    ],
    [{ flag: true, nothing: null, gone: undefined, big: 2n ** 60n }, 'flag=true nothing=null big=1152921504606846976'],
    [{ bad: Number.NaN, infinite: -Infinity }, 'bad=NaN infinite=-Infinity'],
    [{ list: [1, 'b'], object: { a: { b: 1 } } }, 'list="[1,\\"b\\"]" object="{\\"a\\":{\\"b\\":1}}"'],
    [
      { bytes: new Uint8Array(3), at: new Date(0), map: new Map([['a', 1]]) },
      'bytes="[3 bytes]" at=1970-01-01T00:00:00.000Z map="{\\"a\\":1}"',
    ],
    [{ 'odd name=': 1 }, 'odd_name_=1'],
  ])('has %j as %s', (fields, expected) => {
    expect(line('Something happened', fields)).toBe(`INFO Something happened ${expected}`)
  })

  test('looks as the documents say', () => {
    expect(line('Starting cluster manager', { node_id: '12D3', max_databases: 100 })).toBe(
      'INFO Starting cluster manager node_id=12D3 max_databases=100',
    )
    expect(line('Ready')).toBe('INFO Ready')
  })

  test('stays one line and sends nothing to a terminal, whatever is in it', () => {
    const text = line('first\nINFO forged', { value: 'a\nb\u001b[2J\u009b2J\u2028\u202e', other: '\u0085' })
    expect(text).toBe('INFO first\\u000aINFO forged value="a\\nb\\u001b[2J\\u009b2J\\u2028\\u202e" other="\\u0085"')
  })

  test('tells an error with its code and hint, and the stack only where the program is at fault', () => {
    const error = new DbClusterError('TIMEOUT', 'too late', { hint: 'try again', cause: new Error('inner') })
    const text = line('Failed', { error })
    expect(text).toMatch(
      /^INFO Failed error="too late" error_code=TIMEOUT error_hint="try again" error_cause=inner error_cause_stack="Error: inner/,
    )
    expect(text).not.toContain('error_stack')
    expect(line('Failed', { error: new TypeError('x is not a function') })).toContain('error_stack="TypeError')
  })

  test('survives a value without end', () => {
    const loop: Record<string, unknown> = { a: 1 }
    loop.self = loop
    expect(line('Loop', { loop })).toContain('…')
    expect(line('Long', { text: 'x'.repeat(100_000) }).length).toBeLessThan(9_000)
  })
})

describe('a JSON line', () => {
  test('has time, level, message and the fields, none of which overwrites another', () => {
    const { logger, lines } = collect({ format: 'json' })
    logger.warn('Late', { delay_ms: 5, level: 'x', text: 'a\nb', error: new DbClusterError('TIMEOUT', 'too late') })
    const [text = ''] = lines()
    expect(JSON.parse(text)).toEqual({
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      level: 'warn',
      message: 'Late',
      delay_ms: 5,
      field_level: 'x',
      text: 'a\nb',
      error: { message: 'too late', code: 'TIMEOUT' },
    })
  })
})

describe('secrets', () => {
  test.each([
    'api_key',
    'apiKey',
    'key',
    'secret',
    'clientSecret',
    'token',
    'refresh_token',
    'credential',
    'password',
    'jwt',
    'Authorization',
    'cookie',
    'hash',
    'psk',
  ])('the field %s is redacted', (name) => {
    expect(line('x', { [name]: 'v4lue', nested: { [name]: ['v4lue'] } })).not.toContain('v4lue')
  })

  test.each(['key_file', 'api_key_id', 'token_count', 'monkey', 'primary', 'keyFile'])(
    'the field %s is not',
    (name) => {
      expect(line('x', { [name]: 'v4lue' })).toContain('v4lue')
    },
  )

  test('credentials are taken out of texts too', () => {
    const key = 'dbc_abc123_S3cretS3cretS3cret'
    const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJhcHAiOiJteWFwcCJ9.c2lnbmF0dXJl'
    const text = line(`message ${key}`, { url: `http://h/?k=${jwt}`, error: new Error(`refused ${key} ${jwt}`) })
    expect(text).not.toMatch(/S3cret|c2lnbmF0dXJl/)
    expect(text).toContain('dbc_abc123_[redacted]')
  })
})

describe('a logger', () => {
  test('writes what is as urgent as its level, or more', () => {
    const { logger, lines } = collect({ level: 'warn' })
    for (const level of ['error', 'warn', 'info', 'debug'] as const) logger[level](level)
    expect(lines().map((text) => text.split(' ')[1])).toEqual(['ERROR', 'WARN'])
  })

  test("adds its children's fields, the nearest ones last", () => {
    const { logger, lines } = collect({ fields: { node: 'n1' } })
    logger.child({ database: 'a_b', part: 1 }).child({ part: 2 }).info('Started', { port: 5 })
    logger.info('Alone')
    expect(lines().map((text) => text.slice(25))).toEqual([
      'INFO Started node=n1 database=a_b part=2 port=5',
      'INFO Alone node=n1',
    ])
  })

  test('keeps fields that winston would take for its own', () => {
    expect(line('Text', { message: 'other', level: 'error', splat: 1, stack: 's' })).toBe(
      'INFO Text message=other level=error splat=1 stack=s',
    )
  })

  test('goes on when its destination fails', async () => {
    const destination = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) })
    const logger = createLogger({ destination })
    logger.info('one')
    await new Promise((resolve) => setImmediate(resolve))
    expect(() => logger.info('two')).not.toThrow()
  })

  test('has written a line by the time the call returns, so that none is lost when the program ends', () => {
    const { logger, lines } = collect()
    for (let at = 0; at < 100; at++) logger.info('Line', { at })
    expect(lines()).toHaveLength(100)
  })
})
