import { expect, test } from '@jest/globals'
import { summarize } from '../src/report/summary.js'
import { summaryLines } from '../src/report/summary-lines.js'
import { Script } from './helpers/script.js'

test('operations, errors, faults and the time without a leader are counted', () => {
  const append = (value: number) => ({ f: 'list.append', key: 'd/list', value }) as const
  const script = new Script()
    .does(append(1), { ok: null })
    .fault('kill-node', 'begin')
    .leaderless('d')
    .does(append(2), { fail: 'NO_LEADER' })
    .does(append(3), { ok: null })
    .fault('kill-node', 'end')
    .does(append(4), 'open')
  script.add({ type: 'fault', at: 0, fault: 'fill-disk', phase: 'skip', what: 'no mounts' })
  expect(summaryLines(summarize(script.events))).toEqual([
    '4 operations in 0 s: 2 ok, 1 failed for certain, 1 with an unknown outcome',
    'errors: NO_LEADER 1, OUTCOME_UNKNOWN 1',
    'faults: kill-node 1',
    'SKIPPED fill-disk: no mounts',
    'to the next acknowledged write after "killed": p50 2000 ms, p99 2000 ms, of 1',
  ])
})
