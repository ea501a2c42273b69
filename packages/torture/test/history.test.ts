import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createHistoryWriter } from '../src/history/history-writer.js'
import { operationsOf } from '../src/history/operations.js'
import { readHistory } from '../src/history/read-history.js'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'dbcluster-torture-test-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('what was written is read back, line by line, with the time of each', async () => {
  const file = join(directory, 'history.jsonl')
  const writer = createHistoryWriter(file)
  writer.add({ type: 'invoke', process: 1, via: 'sdk-0', f: 'list.append', key: 'd/list', value: 5 })
  writer.add({ type: 'fault', fault: 'kill-node', phase: 'begin', what: 'n1' })
  writer.add({ type: 'info', process: 1, error: 'OUTCOME_UNKNOWN' })
  await writer.close()
  const events = readHistory(file)
  expect(events).toEqual(writer.events)
  expect(events.map(({ at }) => at)).toEqual([...events.map(({ at }) => at)].sort((a, b) => a - b))
  expect(operationsOf(events)).toMatchObject([
    { id: 0, process: 1, outcome: 'open', error: 'OUTCOME_UNKNOWN', invocation: { f: 'list.append', value: 5 } },
  ])
})

test('a file that is no history is refused, with the line', () => {
  const file = join(directory, 'other.jsonl')
  writeFileSync(file, '{"type":"quiet","at":1}\n{"type":"other","at":2}\n')
  expect(() => readHistory(file)).toThrow('other.jsonl:2 is no line of a history')
  writeFileSync(file, '{"type":"quiet","at":1}\n{"type":"ok","at"')
  expect(() => readHistory(file)).toThrow('other.jsonl:2 is no line of a history')
})
