import type { Database } from '@dbcluster/client'
import { eventually } from '@dbcluster/testkit'
import type { Invocation } from '../history/event.js'
import type { HistoryWriter, Unstamped } from '../history/history-writer.js'
import type { Field } from '../nemesis/field.js'
import type { Choices } from '../workload/choices.js'
import { outcomeOf } from '../workload/outcome.js'
import { perform } from '../workload/perform.js'
import { dumpReplica } from './dump.js'

/** How long it may take until everything works again once nothing goes wrong any more. */
const RECOVERY_LIMIT_MS = 60_000
const READ_TIMEOUT_MS = 10_000
/** Of the processes in the history: those of clients begin with 0. */
const FIRST_PROCESS = 1_000_000_000

/** What the end of a run takes. */
export interface FinaleInit {
  readonly field: Field
  readonly history: HistoryWriter
  readonly choices: Choices
  /** A handle on each database, through a client that lives. */
  readonly handles: ReadonlyMap<string, Database>
}

/** Once all is healed and quiet: waits for every database to be whole, and reads everything. */
export const finale = async ({ field, history, choices, handles }: FinaleInit): Promise<void> => {
  let process = FIRST_PROCESS
  const record = async (invocation: Invocation, via: string, work: () => Promise<unknown>): Promise<boolean> => {
    process += 1
    const own = process
    history.add({ type: 'invoke', process: own, via, ...invocation } as Unstamped)
    try {
      history.add({ type: 'ok', process: own, output: await work() })
      return true
    } catch (thrown) {
      history.add({ process: own, ...outcomeOf(invocation, thrown) })
      return false
    }
  }

  for (const [name, db] of handles) {
    // A read each time: nobody else keeps it from falling asleep any more.
    const answers = async (): Promise<boolean> => {
      await db.query('SELECT 1', [], { consistency: 'strong', timeoutMs: READ_TIMEOUT_MS })
      return field.isWhole(name)
    }
    await eventually(`${name} answers`, answers, { limitMs: RECOVERY_LIMIT_MS, everyMs: 200 }).catch(async (error) =>
      field.problem(`${await unhealed(field, name)}; ${String(error)}`),
    )
  }
  history.add({ type: 'quiet' })
  for (const { f, key } of choices.everything) {
    const db = handles.get(key.slice(0, key.indexOf('/')))
    if (db === undefined) continue
    const invocation = { f, key, level: 'strong' } as const
    const read = async (): Promise<unknown> => {
      const performed = await perform(db, invocation, READ_TIMEOUT_MS)
      return typeof performed === 'string' ? undefined : performed.output
    }
    for (let attempt = 0; attempt < 3; attempt += 1) if (await record(invocation, 'finale', read)) break
  }
  for (const name of handles.keys()) await dumpAll(field, name, record)
}

type Record = (invocation: Invocation, via: string, work: () => Promise<unknown>) => Promise<boolean>

/** Followers may be some entries behind: until all dumps are the same, or the time is over. */
const dumpAll = async (field: Field, database: string, record: Record): Promise<void> => {
  const same = async (): Promise<boolean> => {
    const replicas = (await field.status(database))?.replicas ?? []
    const members = field.members.filter(({ peerId }) => replicas.some((replica) => replica.peer_id === peerId))
    const hashes = new Set<string>()
    let dumped = 0
    for (const member of members) {
      const dump = async (): Promise<unknown> => {
        const found = await dumpReplica(field.cluster, member, database)
        hashes.add(found.hash)
        return found
      }
      if (await record({ f: 'replica.dump', key: database, value: member.name }, member.name, dump)) dumped += 1
    }
    return dumped >= 3 && hashes.size === 1
  }
  await eventually(`the replicas of ${database} are equal`, same, { limitMs: RECOVERY_LIMIT_MS, everyMs: 500 }).catch(
    () => undefined,
  )
}

const unhealed = async (field: Field, name: string): Promise<string> => {
  const { status, replicas = [] } = (await field.status(name)) ?? {}
  const each = replicas.map(({ peer_id, status: own }) => {
    const member = field.cluster.members.find(({ peerId }) => peerId === peer_id)
    return `${member?.name ?? peer_id} ${own}`
  })
  return `${name} is not whole after ${RECOVERY_LIMIT_MS} ms of peace: ${status}, ${each.join(', ')}`
}
