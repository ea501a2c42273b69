import { spawn } from 'node:child_process'
import { ROOT } from './paths.mjs'

/** Characters of a quiet command's output that are shown when it fails. */
const TAIL_CHARS = 20_000

/** As `timeout` of coreutils has it. */
const TOO_LATE = 124

/**
 * Runs a command in the repository's root; resolves to its exit code (128 + the signal's number when one ended it).
 * `onLine` gets its output line by line; without it the output goes where this process's does. After `limitMs` it is
 * told to end, and the code is 124, whatever it says of itself.
 */
export const runCommand = (command, args, { env = process.env, onLine, limitMs } = {}) =>
  new Promise((resolve, reject) => {
    const output = onLine === undefined ? 'inherit' : 'pipe'
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', output, output] })
    // A terminal sends Ctrl-C to the child too; a process manager's SIGTERM comes here alone.
    const forward = (signal) => child.kill(signal)
    const ignore = () => undefined
    let late = false
    const tooLate = () => {
      late = true
      child.kill('SIGTERM')
    }
    const timer = limitMs === undefined ? undefined : setTimeout(tooLate, limitMs)
    process.on('SIGTERM', forward).on('SIGINT', ignore)
    for (const stream of [child.stdout, child.stderr]) {
      let rest = ''
      stream?.setEncoding('utf8').on('data', (text) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) onLine(line)
      })
      stream?.on('end', () => rest !== '' && onLine(rest))
    }
    child.on('error', reject)
    child.on('close', (code, signal) => {
      process.off('SIGTERM', forward).off('SIGINT', ignore)
      clearTimeout(timer)
      resolve(late ? TOO_LATE : (code ?? (signal === 'SIGINT' ? 130 : 143)))
    })
  })

/** Runs a command whose output only matters when it fails; `onLine` may show some of it as it comes. */
export const runQuietly = async (command, args, { env, onLine = () => undefined } = {}) => {
  let tail = ''
  const code = await runCommand(command, args, {
    env,
    onLine: (line) => {
      tail = `${tail}${line}\n`.slice(-TAIL_CHARS)
      onLine(line)
    },
  })
  if (code !== 0) process.stderr.write(tail)
  return code
}
