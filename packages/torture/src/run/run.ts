import { copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { judge } from '../check/judge.js'
import type { Verdict } from '../check/verdict.js'
import type { Machine } from '../cluster/machine.js'
import { startTortureCluster, type TortureCluster } from '../cluster/torture-cluster.js'
import { createHistoryWriter } from '../history/history-writer.js'
import { FAULTS } from '../nemesis/faults/all.js'
import { Field } from '../nemesis/field.js'
import { torment } from '../nemesis/nemesis.js'
import { Random } from '../random.js'
import { startProgress } from '../report/progress.js'
import { Choices } from '../workload/choices.js'
import { openHandles, startLoad } from '../workload/load.js'
import { prepareDatabases } from '../workload/prepare.js'
import { finale } from './finale.js'

const NODES = 5
const GATEWAYS = 2
const LIBP2P_CLIENTS = 3
const WORKERS = 10
const DATABASES = ['alpha', 'beta', 'gamma']
const ACCOUNTS = 5
const BALANCE = 100
const BANKS_PER_MINUTE = 0.5
/** Raft's times of one machine; databases that are left alone for some seconds sleep. */
const SETS = [
  'rqlite.timing=local',
  'database.hibernation_timeout=3s',
  'database.replacement_grace=1h',
  // What an hour of replacements sets aside would fill the small disk.
  'database.quarantine_retention=1m',
]

/** Settings of a run. */
export interface RunInit {
  readonly machine: Machine
  readonly seed: number
  readonly minutes: number
  /** Where `history.jsonl` goes, and the logs of processes when something is wrong. */
  readonly out: string
  readonly print: (line: string) => void
  /** Ends the run early; what was begun is judged. */
  readonly signal: AbortSignal
}

/** What came out. */
export interface RunResult {
  readonly verdicts: readonly Verdict[]
  readonly historyFile: string
}

/** Starts a cluster, loads it, torments it, lets it heal, and judges the history. */
export const run = async (init: RunInit): Promise<RunResult> => {
  mkdirSync(init.out, { recursive: true })
  init.print(`starting ${NODES} nodes and ${GATEWAYS} gateways (${init.machine.kind})`)
  const cluster = await startTortureCluster({
    machine: init.machine,
    nodes: NODES,
    gateways: GATEWAYS,
    sets: SETS,
    minutes: init.minutes,
  })
  try {
    const result = await onCluster(init, cluster)
    if (result.verdicts.some(({ findings }) => findings.length > 0)) keepLogs(cluster.directory, init.out)
    return result
  } catch (error) {
    keepLogs(cluster.directory, init.out)
    throw error
  } finally {
    await cluster.stop()
  }
}

const onCluster = async (init: RunInit, cluster: TortureCluster): Promise<RunResult> => {
  const { seed, minutes, print } = init
  const historyFile = join(init.out, 'history.jsonl')
  const clients = cluster.clients(LIBP2P_CLIENTS)
  const handles = await openHandles(clients, DATABASES)
  const banks = Math.ceil(minutes * BANKS_PER_MINUTE) + 1
  await prepareDatabases(handles, { banks, accounts: ACCOUNTS, balance: BALANCE })

  const history = createHistoryWriter(historyFile)
  const header = {
    seed,
    minutes,
    accounts: ACCOUNTS,
    balance: BALANCE,
    databases: DATABASES,
    hosts: cluster.machine.kind,
  }
  history.add({ type: 'run', run: header })
  const startedMs = performance.now()
  const share = (): number => (performance.now() - startedMs) / (minutes * 60_000)
  const choices = new Choices({ databases: DATABASES, accounts: ACCOUNTS, banks, share })
  const progress = startProgress(history.events, print)
  const load = startLoad({ seed, workers: WORKERS, databases: DATABASES, clients, choices, history }, handles)
  const random = new Random(seed)
  const { onFault } = progress
  const field = new Field({ cluster, history, random, load, databases: DATABASES, onFault })

  const ending = new AbortController()
  const nemesis = torment(field, FAULTS, ending.signal)
  await pause(minutes * 60_000, undefined, { signal: init.signal }).catch(() => undefined)
  ending.abort()
  await nemesis
  await field.start(field.members)
  // Writes that come after the last fault show that everybody is served again.
  await pause(2_000)
  await load.stop()
  const [survivor] = handles.values()
  await finale({ field, history, choices, handles: survivor ?? new Map() })
  progress.stop()
  await history.close()
  return { verdicts: judge(history.events), historyFile }
}

const keepLogs = (directory: string, out: string): void => {
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.log'))) {
    copyFileSync(join(directory, file), join(out, file))
  }
}
