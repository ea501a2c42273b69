import { describe, expect, test } from '@jest/globals'
import { latencyTable } from '../src/report.js'
import { Samples, timed } from '../src/samples.js'

const samplesOf = (values: readonly number[]): Samples => {
  const samples = new Samples()
  for (const value of values) samples.add(value)
  return samples
}

describe('samples', () => {
  test('give percentiles by nearest rank, in whatever order they came', () => {
    const samples = samplesOf([5, 1, 4, 2, 3, 6, 7, 8, 10, 9])
    expect([0, 0.1, 0.11, 0.5, 0.9, 0.91, 0.99, 1].map((share) => samples.percentile(share))).toEqual([
      1, 1, 2, 5, 9, 10, 10, 10,
    ])
    expect(() => new Samples().percentile(0.5)).toThrow(RangeError)
  })

  test('count what succeeded', async () => {
    const samples = new Samples()
    expect(await timed(samples, async () => 'done')).toBe('done')
    await expect(timed(samples, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
    expect(samples.count).toBe(1)
    expect(samples.percentile(1)).toBeGreaterThanOrEqual(0)
  })
})

test('a table compares with its measure', () => {
  const bare = samplesOf([1, 2, 3, 4])
  const table = latencyTable([
    { name: 'bare', samples: bare },
    { name: 'ours', samples: samplesOf([2, 3, 200, 300]), against: bare },
  ])
  expect(table.split('\n').map((line) => line.split(' | ').map((cell) => cell.replaceAll('|', '').trim()))).toEqual([
    ['', 'n', 'p10', 'p50', 'p90', 'p99', 'max', 'p50 ratio', 'p50 added', 'p99 added'],
    ['---', ...Array(9).fill('---:')],
    ['bare', '4', '1.00', '2.00', '4.00', '4.00', '4.00', '1', '', ''],
    ['ours', '4', '2.00', '3.00', '300', '300', '300', '1.50', '1.00', '296'],
  ])
})
