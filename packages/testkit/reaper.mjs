/**
 * Outlives a test run that can no longer clean up after itself: waits until standard input ends, as it does however
 * its parent ends, then kills every process whose command line names the given directory, and removes that.
 *
 *   node reaper.mjs DIRECTORY
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const [directory = ''] = process.argv.slice(2)
if (!basename(directory).startsWith('dbcluster-test-')) throw new Error(`${directory} was not made by the testkit`)

const read = (file) => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

const isOurs = (pid) =>
  pid !== process.pid &&
  read(`/proc/${pid}/cmdline`)
    .split('\0')
    .some((argument) => argument.startsWith(`${directory}/`))

const pids = () => {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

for await (const _ of process.stdin);
// A node that is being killed may just have started another rqlited: look until nobody is left.
for (let round = 0; round < 50; round += 1) {
  const left = pids().filter(isOurs)
  if (left.length === 0) break
  for (const pid of left) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself.
    }
  }
  await pause(20)
}
rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
