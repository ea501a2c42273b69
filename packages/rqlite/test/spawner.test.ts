import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createSpawnerHost, type RunningProcess, type SpawnerHost } from '../src/index.js'
import { eventually } from './support/eventually.js'
import { buildSpawnerProgram } from './support/spawner-program.js'

let directory: string
let program: string
let host: SpawnerHost
let started: RunningProcess[]

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dbcluster-spawner-'))
  program = await buildSpawnerProgram(directory)
})
afterAll(() => rm(directory, { recursive: true, force: true }))
beforeEach(() => {
  host = createSpawnerHost({ program, pollMs: 20 })
  started = []
})
afterEach(() => {
  for (const one of started) one.signal('SIGKILL')
  host.close()
})

const shell = async (script: string, environment: Readonly<Record<string, string>> = {}): Promise<RunningProcess> => {
  const command = { path: '/bin/sh', args: ['-c', script], environment, logFile: join(directory, 'log') }
  const running = await host.spawn(command)
  started.push(running)
  return running
}
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
const spawnerPid = (): number => host.pid ?? 0

describe('a spawner', () => {
  test('starts processes that are no children of this one, with their output in a file, and tells how each ends', async () => {
    const [three, killed] = await Promise.all([shell('echo "$WHO"; exit 3', { WHO: 'spawned' }), shell('sleep 60')])
    expect(await three.exited).toEqual({ code: 3, signal: undefined })
    expect(await readFile(join(directory, 'log'), 'utf8')).toContain('spawned')
    const parent = (await readFile(`/proc/${killed.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[1]
    expect(Number(parent)).toBe(spawnerPid())
    expect(killed.signal('SIGTERM')).toBe(true)
    expect(await killed.exited).toEqual({ code: undefined, signal: 'SIGTERM' })
    expect(killed.signal('SIGTERM')).toBe(false)
  })

  test('says why a program cannot be started, and goes on', async () => {
    const missing = { path: join(directory, 'missing'), args: [], environment: {}, logFile: join(directory, 'log') }
    await expect(host.spawn(missing)).rejects.toThrow('ENOENT')
    expect(await (await shell('exit 0')).exited).toEqual({ code: 0, signal: undefined })
  })

  test('that is killed leaves its processes alone: they are watched on, and another takes its place', async () => {
    const running = await shell('sleep 60')
    const before = spawnerPid()
    process.kill(before, 'SIGKILL')
    await eventually('its end is noticed', () => host.pid === undefined)
    expect(isAlive(running.pid)).toBe(true)
    const next = await shell('exit 5')
    expect(await next.exited).toEqual({ code: 5, signal: undefined })
    expect(spawnerPid()).not.toBe(before)
    expect(running.signal('SIGTERM')).toBe(true)
    expect(await running.exited).toEqual({ code: undefined, signal: undefined })
  })

  test('ends with its host, and its processes go on', async () => {
    const running = await shell('sleep 60')
    const pid = spawnerPid()
    host.close()
    await eventually('the spawner is gone', () => !isAlive(pid))
    expect(isAlive(running.pid)).toBe(true)
    expect(await host.find(running, 'sleep 60')).toMatchObject({ pid: running.pid })
  })
})
