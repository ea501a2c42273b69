import { describe, expect, test } from '@jest/globals'
import { decodeReply } from '../src/client/decode-results.js'
import { requestError } from '../src/client/request-error.js'
import { outcomeOf } from '../src/index.js'

describe('what rqlited says of a request as a whole', () => {
  test.each([
    [503, 'leader not found\n', 'NO_LEADER', 'NO_LEADER', 'notApplied'],
    [200, 'not leader', 'NOT_LEADER', 'NOT_LEADER', 'notApplied'],
    [200, 'node is not the leader', 'NOT_LEADER', 'NOT_LEADER', 'notApplied'],
    [500, 'leader not found', 'NO_LEADER', 'NO_LEADER', 'notApplied'],
    [200, 'leadership transfer in progress', 'NO_LEADER', 'NO_LEADER', 'notApplied'],
    [200, 'timed out enqueuing operation', 'OVERLOADED', 'OVERLOADED', 'notApplied'],
    [200, 'store not open', 'DATABASE_UNAVAILABLE', 'DATABASE_UNAVAILABLE', 'notApplied'],
    [200, 'leadership lost while committing log', 'OUTCOME_UNKNOWN', 'DATABASE_UNAVAILABLE', 'unknown'],
    [200, 'raft is already shutdown', 'OUTCOME_UNKNOWN', 'DATABASE_UNAVAILABLE', 'unknown'],
    [
      200,
      'node failed to process Execute on remote node at h:1: not leader',
      'OUTCOME_UNKNOWN',
      'DATABASE_UNAVAILABLE',
      'unknown',
    ],
    [200, 'cannot commit - no transaction is active', 'OUTCOME_UNKNOWN', 'DATABASE_UNAVAILABLE', 'unknown'],
    [500, 'who knows', 'OUTCOME_UNKNOWN', 'DATABASE_UNAVAILABLE', 'unknown'],
    [400, 'invalid JSON body', 'INVALID_REQUEST', 'INVALID_REQUEST', 'notApplied'],
    [401, '', 'INTERNAL', 'INTERNAL', 'notApplied'],
    [500, 'SQL rewrite: bad', 'SQL_ERROR', 'SQL_ERROR', 'notApplied'],
  ] as const)('%s %p is for a write %s, for a read %s, outcome %s', (status, text, forWrite, forRead, outcome) => {
    const write = requestError({ what: 'execute', writes: true }, status, text)
    expect([write.code, outcomeOf(write)]).toEqual([forWrite, outcome])
    const read = requestError({ what: 'query', writes: false }, status, text)
    expect([read.code, outcomeOf(read)]).toEqual([forRead, outcome])
  })

  test('an uncertain write is never one to be sent again, an uncertain read always is', () => {
    expect(requestError({ what: 'execute', writes: true }, 500, '?').retryable).toBe(false)
    expect(requestError({ what: 'query', writes: false }, 500, '?').retryable).toBe(true)
  })

  test('an error of somebody else says nothing', () => {
    expect(outcomeOf(new Error('x'))).toBe('unknown')
    expect(outcomeOf(undefined)).toBe('unknown')
  })
})

describe('a reply', () => {
  test('keeps long integers whole and leaves long texts and fractions alone', () => {
    const { results } = decodeReply(
      '{"results":[{"columns":["a"],"types":[""],"values":[[9223372036854775807],["12345678901234567890"],[0.12345678901234566],[18446744073709551616]]}]}',
    )
    expect(results[0]?.rows).toEqual([
      [9223372036854775807n],
      ['12345678901234567890'],
      [0.12345678901234566],
      [2 ** 64],
    ])
  })

  test('with booleans gives the integers behind them', () => {
    const { results } = decodeReply('{"results":[{"columns":["a"],"types":["boolean"],"values":[[true],[false]]}]}')
    expect(results[0]?.rows).toEqual([[1], [0]])
  })

  test('may report a failure of the whole beside no results', () => {
    expect(decodeReply('{"results":[],"error":"not leader"}')).toEqual({ results: [], error: 'not leader' })
  })

  test.each(['', '[', '7', 'null', '<html>'])('%p is none', (body) => {
    expect(() => decodeReply(body)).toThrow(expect.objectContaining({ code: 'INTERNAL' }))
  })
})
