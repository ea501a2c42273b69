/**
 * First contact, as the README tells it: `npm start` brings up three nodes and a gateway; the SDK is installed beside
 * them, the gateway deployed apart, an operator's commands run, all against that cluster; then Ctrl-C, after which
 * nothing may be left running.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkClientInstall } from './check-client-install.mjs'
import { checkGatewayDeploy } from './check-gateway-deploy.mjs'
import { checkOperatorCommands } from './check-operator-commands.mjs'
import { createReport, ROOT, withTempDir } from './check-report.mjs'

const STARTED_WITHIN_MS = 300_000
const STOPPED_WITHIN_MS = 30_000
const POLL_MS = 100

const until = async (what, withinMs, reached) => {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; ) {
    if (await reached()) return
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  throw new Error(`${what}: not within ${withinMs} ms`)
}

/** Processes, those that ended apart, whose command line names a directory. Linux; elsewhere none is found. */
const processesOf = (dir) => {
  if (!existsSync('/proc')) return []
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        return command.includes(dir) ? [`${pid} ${command.slice(0, 200)}`] : []
      } catch {
        return [] // it ended while we looked
      }
    })
}

/** `npm start` in a process group of its own, so that a SIGINT reaches all of it, as Ctrl-C does. */
const npmStart = (dir) => {
  const child = spawn('npm', ['start', '--', '--dir', dir], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const started = { child, printed: '', exited: once(child, 'exit') }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (started.printed += bytes))
  return started
}

const ready = async (file) => {
  if (!existsSync(file)) return false
  const { gateway } = JSON.parse(readFileSync(file, 'utf8'))
  return fetch(`${gateway.url}/readyz`).then(
    (response) => response.ok,
    () => false,
  )
}

/** The printed curl, run as printed. */
const printedCurl = (printed) => {
  const lines = printed.split('\n')
  const from = lines.findIndex((line) => /^\s*curl /.test(line))
  if (from < 0) throw new Error(`npm start printed no curl\n${printed}`)
  let to = from
  while (lines[to].endsWith('\\')) to += 1
  return lines.slice(from, to + 1).join('\n')
}

const runCurl = async (command) => {
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  child.stdout.on('data', (bytes) => (printed += bytes))
  const [code] = await once(child, 'close')
  const answer = code === 0 ? JSON.parse(printed) : undefined
  return answer === undefined || answer.error !== undefined ? [`${command}\nended with ${code}: ${printed}`] : []
}

const report = createReport()
await withTempDir(async (dir) => {
  const file = join(dir, 'cluster.json')
  const started = npmStart(dir)
  const stop = (signal) => {
    try {
      process.kill(-started.child.pid, signal)
    } catch {
      // the group is gone
    }
  }
  try {
    let up = false
    await report.check('npm start brings up a cluster', async () => {
      try {
        await until('a ready gateway', STARTED_WITHIN_MS, () => started.child.exitCode !== null || ready(file))
        if (started.child.exitCode !== null) throw new Error(`npm start ended with ${started.child.exitCode}`)
        await until('what to try', POLL_MS * 50, () => /curl /.test(started.printed))
        up = true
      } catch (error) {
        return [`${error instanceof Error ? error.message : String(error)}\n${started.printed}`]
      }
    })
    if (!up) return
    await report.check('the printed curl works as printed', () => runCurl(printedCurl(started.printed)))
    await checkClientInstall(report, file)
    await checkGatewayDeploy(report, file)
    await checkOperatorCommands(report, file)
    await report.check('Ctrl-C stops everything', async () => {
      stop('SIGINT')
      await until(
        'the end of npm start',
        STOPPED_WITHIN_MS,
        () => started.child.exitCode !== null || started.child.signalCode !== null,
      )
      return processesOf(dir).map((line) => `still running: ${line}`)
    })
  } finally {
    stop('SIGKILL')
    for (const line of processesOf(dir)) process.kill(Number.parseInt(line, 10), 'SIGKILL')
  }
})
report.finish()
