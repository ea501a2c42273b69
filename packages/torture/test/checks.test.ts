import { describe, expect, test } from '@jest/globals'
import { judge } from '../src/check/judge.js'
import type { Invocation, Level, Transfer } from '../src/history/event.js'
import { Script } from './helpers/script.js'

const append = (value: number): Invocation => ({ f: 'list.append', key: 'd/list', value })
const list = (level: Level): Invocation => ({ f: 'list.read', key: 'd/list', level })
const write = (value: number): Invocation => ({ f: 'register.write', key: 'd/register', value })
const swap = (from: number, to: number): Invocation => ({ f: 'register.cas', key: 'd/register', value: [from, to] })
const read = (level: Level): Invocation => ({ f: 'register.read', key: 'd/register', level })
const transfer = (id: number, amount = 1): Invocation => ({
  f: 'bank.transfer',
  key: 'd/bank',
  value: { id, from: 0, to: 1, amount },
})
const balances = (level: Level): Invocation => ({ f: 'bank.read', key: 'd/bank', level })
const audit = (level: Level): Invocation => ({ f: 'bank.audit', key: 'd/bank', level })
const book = (held: readonly number[], ...ids: readonly number[]) => ({
  ok: { balances: held, transfers: ids.map((id): Transfer => ({ id, from: 0, to: 1, amount: 1 })) },
})
const dump = (node: string): Invocation => ({ f: 'replica.dump', key: 'd', value: node })

/** A run in which all is well, with a bit of everything. */
const goodRun = (): Script =>
  new Script()
    .does(append(1), { ok: null })
    .does(append(2), { fail: 'NO_LEADER' })
    .does(append(3), 'open')
    .does(list('none'), { ok: [] })
    .does(list('weak'), { ok: [1] })
    .does(write(1), { ok: null })
    .does(swap(1, 2), { ok: null })
    .does(read('weak'), { ok: 2 })
    .does(read('strong'), { ok: 2 })
    .does(transfer(1), { ok: null })
    .does(transfer(2), { fail: 'ASSERTION_FAILED' })
    .does(transfer(3), 'open')
    .does(balances('none'), { ok: [10, 10] })

/** And its end. */
const atTheEnd = (run: Script): Script =>
  run
    .quiet()
    .does(list('strong'), { ok: [1, 3] })
    .does(audit('strong'), book([9, 11], 1))
    .does(dump('n0'), { ok: { hash: 'a', rows: 4 } })
    .does(dump('n1'), { ok: { hash: 'a', rows: 4 } })
    .does(dump('n2'), { ok: { hash: 'a', rows: 4 } })

const findings = (run: Script): string =>
  judge(run.events)
    .flatMap(({ check, findings: found }) => found.map((finding) => `${check}: ${finding}`))
    .join('\n')

describe('a run in which all is well', () => {
  test('passes every check, and every check had something to judge', () => {
    const verdicts = judge(atTheEnd(goodRun()).events)
    expect(verdicts.flatMap((verdict) => verdict.findings)).toEqual([])
    expect(verdicts.filter(({ judged }) => judged === 0)).toEqual([])
  })

  test('a weak read may be stale for as long as a leader may not know that it was voted out', () => {
    expect(
      findings(
        atTheEnd(
          goodRun()
            .does(append(4), { fail: 'NO_LEADER' })
            .does(list('weak'), { ok: [1, 3] }),
        ),
      ),
    ).toBe('')
    const run = goodRun().does(write(7), { ok: null }).does(read('weak'), { ok: 2 })
    expect(findings(atTheEnd(run))).toBe('')
  })

  test('and longer, when it was paused meanwhile', () => {
    const run = goodRun().does(write(7), { ok: null }).fault('pause-node', 'begin').wait(20).fault('pause-node', 'end')
    expect(findings(atTheEnd(run.does(read('weak'), { ok: 2 })))).toBe('')
  })
})

describe('is found out', () => {
  const cases: readonly (readonly [what: string, finding: RegExp, run: Script])[] = [
    [
      'a lost append',
      /no acknowledged write is lost: d\/list: lost lines/,
      atTheEnd(goodRun().does(append(5), { ok: null })),
    ],
    ['a lost transfer', /no acknowledged write is lost: d\/bank/, atTheEnd(goodRun().does(transfer(5), { ok: null }))],
    ['a list nobody could read at the end', /could not be read at the end/, goodRun().quiet()],
    ['a run that never came to its end', /could not be read at the end/, goodRun()],
    [
      'a stale exact read',
      /linearizability: d\/register: no order/,
      atTheEnd(goodRun().does(read('strong'), { ok: 1 })),
    ],
    [
      'two orders of one list',
      /linearizability: d\/list: two reads/,
      atTheEnd(goodRun().does(list('strong'), { ok: [3, 1] })),
    ],
    [
      'a refused append that was applied',
      /2 was "certainly not applied"/,
      atTheEnd(goodRun().does(list('none'), { ok: [1, 2] })),
    ],
    [
      'a refused transfer that was applied',
      /2 was "certainly not applied"/,
      goodRun().does(audit('none'), book([8, 12], 1, 2)),
    ],
    ['a value from nowhere', /nobody wrote 9/, atTheEnd(goodRun().does(read('none'), { ok: 9 }))],
    [
      'a value before it was written',
      /was read by .* before/,
      atTheEnd(new Script().does(list('none'), { ok: [1] }).does(append(1), { ok: null })),
    ],
    ['money from nowhere', /21 instead of 20/, atTheEnd(goodRun().does(balances('none'), { ok: [10, 11] }))],
    ['an account that is missing', /1 of 2 accounts/, atTheEnd(goodRun().does(balances('weak'), { ok: [20] }))],
    ['an overdrawn account', /account 0 holds -1/, atTheEnd(goodRun().does(balances('strong'), { ok: [-1, 21] }))],
    ['half a transfer', /account 0 holds 10, its transfers make 9/, goodRun().does(audit('none'), book([10, 10], 1))],
    ['an exact audit that lacks a transfer', /money .* 1 is missing/, goodRun().does(audit('strong'), book([10, 10]))],
    [
      'a weak read that is stale in peace',
      /missing in .*register.read/,
      atTheEnd(goodRun().does(write(7), { ok: null }).wait(5).does(read('weak'), { ok: 2 })),
    ],
    [
      'a weak list that is stale in peace',
      /missing in .*list.read/,
      atTheEnd(goodRun().wait(5).does(list('weak'), { ok: [] })),
    ],
    [
      'replicas that differ',
      /replicas differ: .*n2: 3 rows/,
      atTheEnd(goodRun()).does(dump('n2'), { ok: { hash: 'b', rows: 3 } }),
    ],
    [
      'a replica that nobody could read',
      /2 of 3 replicas/,
      goodRun()
        .quiet()
        .does(dump('n0'), { ok: { hash: 'a', rows: 1 } })
        .does(dump('n1'), { ok: { hash: 'a', rows: 1 } })
        .does(dump('n2'), 'open'),
    ],
    ['nothing at all', /there was no operation to judge/, new Script()],
  ]
  test.each(cases)('%s', (_, finding, run) => {
    expect(findings(run)).toMatch(finding)
  })
})

test('a history whose lines do not fit together is refused', () => {
  const [header] = new Script().events
  if (header === undefined) throw new Error('no header')
  expect(() => judge([header, { type: 'ok', at: 1, process: 3 }])).toThrow('line 2: process 3 has asked nothing')
  const invoke = { type: 'invoke', at: 1, process: 3, via: 'sdk', ...append(1) } as const
  expect(() => judge([header, invoke, invoke])).toThrow('line 3: process 3 is busy')
  expect(() => judge([invoke])).toThrow('does not begin')
})
