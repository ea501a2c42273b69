import { DbClusterError } from '@dbcluster/protocol'
import { expect, test } from '@jest/globals'
import { type EncodedWrite, WriteQueue } from '../src/store/write-queue.js'

/** A queue whose disk takes its time: each commit waits until the test lets it end. */
const slowDisk = () => {
  const commits: { readonly keys: readonly string[]; readonly end: () => void; readonly fail: () => void }[] = []
  const queue = new WriteQueue((writes: readonly EncodedWrite[]) => {
    return new Promise<void>((end, reject) => {
      const fail = (): void => reject(new DbClusterError('STORE_WRITE_FAILED', 'no space left'))
      commits.push({ keys: writes.map(({ key }) => key), end, fail })
    })
  })
  return { queue, commits, write: (key: string) => queue.write([{ key, value: 1 }]) }
}

test('writes that come while the disk is busy go to it together, in order', async () => {
  const { commits, write } = slowDisk()
  const first = [write('a'), write('b')]
  await Promise.resolve()
  expect(commits.map(({ keys }) => keys)).toEqual([['a', 'b']])
  const second = [write('c'), write('d'), write('e')]
  commits[0]?.end()
  await Promise.all(first)
  expect(commits.map(({ keys }) => keys)).toEqual([
    ['a', 'b'],
    ['c', 'd', 'e'],
  ])
  commits[1]?.end()
  await Promise.all(second)
})

test('a write resolves only once its own commit has ended', async () => {
  const { commits, write } = slowDisk()
  let done = false
  const writing = write('a').then(() => {
    done = true
  })
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
  expect(done).toBe(false)
  commits[0]?.end()
  await writing
  expect(done).toBe(true)
})

test('after a failed commit everything that waited and everything later is refused', async () => {
  const { queue, commits, write } = slowDisk()
  const failed = expect(write('a')).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' })
  await Promise.resolve()
  const waiting = expect(write('b')).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' })
  commits[0]?.fail()
  await Promise.all([failed, waiting])
  await expect(write('c')).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' })
  expect(commits).toHaveLength(1)
  await queue.close()
})
