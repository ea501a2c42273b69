import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from '@jest/globals'
import { eventually, processesIn, startTimeOf } from '../src/index.js'

const FIXTURE = fileURLToPath(new URL('./fixtures/abandoned-run.mjs', import.meta.url))
const REAPER = fileURLToPath(new URL('../reaper.mjs', import.meta.url))

const runs: ChildProcess[] = []
afterEach(() => {
  for (const run of runs.splice(0)) run.kill('SIGKILL')
})

/** Starts a run that leaves a process behind; resolves with what it left. */
const abandon = async (
  ending: string,
): Promise<{ readonly run: ChildProcess; readonly directory: string; readonly pid: number }> => {
  const run = spawn(process.execPath, [FIXTURE, REAPER, ending], { stdio: ['ignore', 'pipe', 'ignore'] })
  runs.push(run)
  const text = await new Promise<string>((resolve) => run.stdout?.once('data', (chunk) => resolve(String(chunk))))
  return { run, ...(JSON.parse(text) as { readonly directory: string; readonly pid: number }) }
}

describe('a test run that cannot clean up', () => {
  test.each(['throw', 'exit', 'SIGKILL', 'SIGTERM'])('ends by %s: nothing is left', async (ending) => {
    const { run, directory, pid } = await abandon(ending)
    if (ending.startsWith('SIG')) {
      expect(processesIn(directory).map((one) => one.pid)).toContain(pid)
      run.kill(ending as NodeJS.Signals)
    }
    await eventually('process and directory are gone', () => startTimeOf(pid) === undefined && !existsSync(directory))
    expect(processesIn(directory)).toEqual([])
  })

  test('a directory that is not of the testkit is never touched', async () => {
    const run = spawn(process.execPath, [REAPER, '/tmp'], { stdio: ['pipe', 'ignore', 'ignore'] })
    run.stdin.end()
    const code = await new Promise((resolve) => run.once('exit', resolve))
    expect(code).toBe(1)
    expect(existsSync('/tmp')).toBe(true)
  })
})
