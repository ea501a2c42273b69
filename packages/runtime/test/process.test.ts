import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import {
  currentProcess,
  isRunning,
  LOCK_FILE,
  lockDataDirectory,
  onShutdownSignals,
  processStartTime,
  systemClock,
} from '../src/index.js'

let home = ''
const children: ChildProcess[] = []

const sleeper = async (): Promise<ChildProcess & { readonly pid: number }> => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  children.push(child)
  await once(child, 'spawn')
  return child as ChildProcess & { readonly pid: number }
}

const kill = async (child: ChildProcess): Promise<void> => {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dbcluster-runtime-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null) await kill(child)
  rmSync(home, { recursive: true, force: true })
})

describe('a process', () => {
  test('is known by pid and start time together', async () => {
    const child = await sleeper()
    const identity = { pid: child.pid, startTime: processStartTime(child.pid) ?? '' }
    expect(isRunning(identity)).toBe(true)
    expect(isRunning({ ...identity, startTime: `${identity.startTime}0` })).toBe(false)
    await kill(child)
    expect(isRunning(identity)).toBe(false)
    expect(isRunning(currentProcess())).toBe(true)
  })

  test.each([0, -1, 1.5, Number.NaN])('pid %d is none', (pid) => {
    expect(processStartTime(pid)).toBeUndefined()
  })
})

describe('the lock of a data directory', () => {
  const lockFile = (): string => join(home, 'data', LOCK_FILE)
  const lock = () => lockDataDirectory(join(home, 'data'))

  test('lets one process in, and the next after its release', async () => {
    const first = await lock()
    await expect(lock()).rejects.toMatchObject({ code: 'DATA_DIR_LOCKED', details: { pid: process.pid } })
    await first.release()
    await first.release()
    const second = await lock()
    // A late release of the first must not open what belongs to the second.
    await first.release()
    await expect(lock()).rejects.toMatchObject({ code: 'DATA_DIR_LOCKED' })
    await second.release()
    expect(readdirSync(join(home, 'data'))).toEqual([])
  })

  test('names the process that holds it, and is free once that was killed', async () => {
    await (await lock()).release()
    const owner = await sleeper()
    writeFileSync(lockFile(), JSON.stringify({ pid: owner.pid, startTime: processStartTime(owner.pid) }))
    await expect(lock()).rejects.toThrow(`pid ${owner.pid}`)
    await kill(owner)
    await (await lock()).release()
  })

  test.each([
    ['another process has the pid now', JSON.stringify({ pid: process.pid, startTime: 'long ago' })],
    ['it is empty', ''],
    ['it is cut off', '{"pid":'],
    ['it holds something else', '[1]'],
  ])('is taken over when %s', async (_why, content) => {
    await (await lock()).release()
    writeFileSync(lockFile(), content)
    await (await lock()).release()
  })

  test('goes to one of many that find it stale at the same moment', async () => {
    for (let round = 0; round < 20; round++) {
      await (await lock()).release()
      writeFileSync(lockFile(), JSON.stringify({ pid: process.pid, startTime: 'long ago' }))
      const results = await Promise.allSettled(Array.from({ length: 8 }, lock))
      const held = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      expect(held.length).toBeLessThanOrEqual(1)
      if (held.length === 1) expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).toMatchObject(currentProcess())
      for (const one of held) await one.release()
    }
  })
})

describe('shutdown signals', () => {
  test('the first stops in order, a second Ctrl-C of the same press does nothing, a later one ends at once', () => {
    const [onShutdown, onImmediate] = [jest.fn(), jest.fn()]
    const now = jest.spyOn(performance, 'now')
    const stop = onShutdownSignals({ onShutdown, onImmediate })
    try {
      now.mockReturnValue(10_000)
      process.emit('SIGINT', 'SIGINT')
      now.mockReturnValue(10_005)
      process.emit('SIGINT', 'SIGINT')
      now.mockReturnValue(12_000)
      process.emit('SIGTERM', 'SIGTERM')
      expect([onShutdown.mock.calls, onImmediate.mock.calls]).toEqual([[['SIGINT']], []])
      process.emit('SIGINT', 'SIGINT')
      expect([onShutdown.mock.calls.length, onImmediate.mock.calls]).toEqual([1, [['SIGINT']]])
    } finally {
      now.mockRestore()
      stop()
    }
    expect(process.listenerCount('SIGHUP')).toBe(0)
  })
})

describe('the clock', () => {
  test('calls back once after the delay, unless it is called off', async () => {
    const called: string[] = []
    const startMs = systemClock.nowMs()
    const off = systemClock.callAfter(5, () => called.push('off'))
    off()
    await new Promise<void>((resolve) => systemClock.callAfter(20, resolve))
    called.push('on')
    expect(called).toEqual(['on'])
    expect(systemClock.nowMs() - startMs).toBeGreaterThanOrEqual(19)
  })

  test('takes a delay beyond what a timer holds without calling at once', () => {
    const called = jest.fn()
    systemClock.callAfter(10 ** 12, called)()
    expect(called).not.toHaveBeenCalled()
  })
})
