import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Arguments, readArguments, USAGE } from './arguments.js'
import { judge } from './check/judge.js'
import { findWayIn, runInside } from './cluster/enter-namespaces.js'
import { createLoopback } from './cluster/loopback.js'
import { createNamespaces } from './cluster/namespaces.js'
import { readHistory } from './history/read-history.js'
import { summarize } from './report/summary.js'
import { summaryLines } from './report/summary-lines.js'
import { tallyLine, verdictLines } from './report/verdict-lines.js'
import { run } from './run/run.js'

const print = (line: string): void => void process.stdout.write(`${line}\n`)

/** Says what happened, what was found, `hints`, and the tally. @returns the exit code */
const tell = (file: string, verdicts: ReturnType<typeof judge>, hints: readonly string[] = []): number => {
  const summary = summarize(readHistory(file))
  const lines = [...summaryLines(summary), ...verdictLines(verdicts), ...hints]
  for (const line of [...lines, tallyLine(verdicts, summary.skipped.size)]) print(line)
  return verdicts.every(({ findings }) => findings.length === 0) ? 0 : 1
}

/** Judges a history again. @returns the exit code */
const check = (file: string): number => tell(file, judge(readHistory(file)))

/** A run on this machine, in namespaces of our own where that can be. @returns the exit code */
const torture = async (wanted: Extract<Arguments, { command: 'run' }>, directory: string): Promise<number> => {
  const { seed, minutes, inside } = wanted
  const out =
    wanted.out === undefined ? mkdtempSync(join(tmpdir(), 'dbcluster-torture-')) : resolve(directory, wanted.out)
  const wayIn = inside === undefined ? findWayIn() : undefined
  if (wayIn !== undefined) {
    const again = ['--minutes', `${minutes}`, '--seed', `${seed}`, '--out', out, '--inside', `${process.pid}`]
    return runInside(wayIn, [fileURLToPath(import.meta.url), ...again])
  }
  const ending = endingSignal(inside)
  const machine = inside === undefined ? createLoopback() : await createNamespaces()
  print(`torture: ${minutes} min, seed ${seed}, history in ${out}`)
  const { verdicts, historyFile } = await run({ machine, seed, minutes, out, print, signal: ending })
  return tell(historyFile, verdicts, [
    `again: pnpm torture --minutes ${minutes} --seed ${seed}`,
    `judge again: pnpm torture check ${historyFile}`,
  ])
}

/** Ends the run when we are told to, or when the process that started us is gone. */
const endingSignal = (parent: number | undefined): AbortSignal => {
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort())
  if (parent !== undefined) {
    const watch = setInterval(() => {
      if (process.ppid !== parent) ending.abort()
    }, 1_000)
    watch.unref()
  }
  return ending.signal
}

const main = async (): Promise<number> => {
  const directory = process.env.INIT_CWD ?? process.cwd()
  const wanted = readArguments(process.argv.slice(2), () => Math.floor(Math.random() * 2 ** 31))
  switch (wanted.command) {
    case 'help':
      print(USAGE)
      return 0
    case 'check':
      return check(resolve(directory, wanted.file))
    case 'run':
      return torture(wanted, directory)
  }
}

process.exitCode = await main()
// Clients of HTTP keep connections for a while.
process.exit()
