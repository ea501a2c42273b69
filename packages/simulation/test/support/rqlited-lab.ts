import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createRqliteClient, type RqliteBinary, type RqliteClient, TIMING_PROFILES } from '@dbcluster/rqlite'
import type { LabView, RaftLab, Return } from '../../src/compliance/raft-lab.js'
import { freePorts } from './free-ports.js'

interface Member {
  ports: { readonly http: number; readonly raft: number }
  child: ChildProcess | undefined
  client: RqliteClient
}

const ANSWER_MS = 1_500
/** A process that does not end by SIGTERM within this time is no rqlited that works. */
const EXIT_MS = 10_000
/** Nothing listens there. */
const NOBODY = '127.0.0.1:1'
const { heartbeatMs, electionMs, leaderLeaseMs } = TIMING_PROFILES.local

/** Real rqlited processes on this machine, started plainly, with nothing of ours around them. */
export class RqlitedLab implements RaftLab {
  readonly #binary: RqliteBinary
  readonly #directory: string
  readonly #members = new Map<string, Member>()
  readonly #children: ChildProcess[] = []

  private constructor(binary: RqliteBinary, directory: string) {
    this.#binary = binary
    this.#directory = directory
  }

  static async create(binary: RqliteBinary): Promise<RqlitedLab> {
    return new RqlitedLab(binary, await mkdtemp(join(tmpdir(), 'dbcluster-lab-')))
  }

  async dispose(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    await Promise.all([...this.#members.values()].map(({ client }) => client.close()))
    await Promise.all(this.#children.map((child) => exited(child)))
    await rm(this.#directory, { recursive: true, force: true })
  }

  async bootstrap(member: string): Promise<void> {
    await this.#spawn(member, [])
    const { client } = this.#member(member)
    const created = async (): Promise<boolean> => {
      const [result] = await client.execute([{ sql: 'CREATE TABLE kv (k TEXT PRIMARY KEY, v INT)' }]).catch(() => [])
      return result !== undefined && result.error === undefined
    }
    if (!(await this.within(8_000, created))) throw new Error('the first table could not be made')
  }

  async join(member: string, through: readonly string[]): Promise<void> {
    await this.#spawn(member, this.#joining(through.map((other) => this.#address(other))))
  }

  async warm(member: string): Promise<void> {
    await this.#spawn(member, this.#joining([NOBODY]))
  }

  async move(members: readonly string[]): Promise<void> {
    for (const member of members) {
      const known = this.#member(member)
      await known.client.close()
      Object.assign(known, await this.#newPorts())
    }
  }

  async comeBack(member: string, how: Return = {}): Promise<void> {
    if (how.moved) await this.move([member])
    if (how.peers !== undefined) {
      const peers = how.peers.map((id) => ({ id, address: this.#address(id), non_voter: false }))
      await mkdir(join(this.#data(member), 'raft'), { recursive: true })
      await writeFile(join(this.#data(member), 'raft', 'peers.json'), JSON.stringify(peers))
    }
    await this.#spawn(member, how.join === undefined ? [] : this.#joining(how.join.map((id) => this.#address(id))))
  }

  async stop(member: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { child } = this.#member(member)
    child?.kill('SIGCONT')
    child?.kill(signal)
    if (child !== undefined) await exited(child)
  }

  async pause(member: string): Promise<void> {
    this.#member(member).child?.kill('SIGSTOP')
  }

  async resume(member: string): Promise<void> {
    this.#member(member).child?.kill('SIGCONT')
  }

  async write(member: string, key: string, value: number): Promise<boolean> {
    const { client } = this.#member(member)
    const sql = 'INSERT INTO kv (k, v) VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v'
    const [result] = await client.execute([{ sql, params: [key, value] }], { timeoutMs: ANSWER_MS }).catch(() => [])
    return result !== undefined && result.error === undefined
  }

  async read(member: string, key: string, level: 'none' | 'strong'): Promise<number | undefined> {
    const { client } = this.#member(member)
    const statement = { sql: 'SELECT v FROM kv WHERE k = ?', params: [key] }
    const { results } = await client.query([statement], { level, timeoutMs: ANSWER_MS, forward: true })
    if (results[0]?.error !== undefined) throw results[0].error
    const value = results[0]?.rows[0]?.[0]
    return typeof value === 'number' ? value : undefined
  }

  async remove(through: string, member: string): Promise<boolean> {
    const { client } = this.#member(through)
    return client.remove(member, { timeoutMs: ANSWER_MS }).then(
      () => true,
      () => false,
    )
  }

  async view(member: string): Promise<LabView | undefined> {
    const view = await this.#member(member)
      .client.status({ timeoutMs: ANSWER_MS })
      .catch(() => undefined)
    if (view === undefined) return undefined
    const { isLeader, leaderId: leader, lastLogIndex: lastIndex, commitIndex } = view
    return { isLeader, leader, lastIndex, commitIndex, voters: view.voters.map(({ id }) => id).sort() }
  }

  async within(limitMs: number, holds: () => Promise<boolean>): Promise<boolean> {
    const end = Date.now() + limitMs
    for (;;) {
      if (await holds().catch(() => false)) return true
      if (Date.now() > end) return false
      await pause(20)
    }
  }

  async pass(durationMs: number): Promise<void> {
    await pause(durationMs)
  }

  #joining(addresses: readonly string[]): readonly string[] {
    return ['-join', addresses.join(','), '-join-attempts', '200', '-join-interval', '50ms']
  }

  async #spawn(member: string, joining: readonly string[]): Promise<void> {
    const { capabilities, path } = this.#binary
    const known = this.#members.get(member) ?? { child: undefined, ...(await this.#newPorts()) }
    this.#members.set(member, known)
    const { http, raft } = known.ports
    const args = [
      ...['-node-id', member, '-http-addr', `127.0.0.1:${http}`, '-raft-addr', `127.0.0.1:${raft}`],
      ...[capabilities.heartbeatFlag, `${heartbeatMs}ms`, '-raft-election-timeout', `${electionMs}ms`],
      ...['-raft-leader-lease-timeout', `${leaderLeaseMs}ms`],
      ...joining,
      this.#data(member),
    ]
    const child = spawn(path, args, { stdio: 'ignore', env: {} })
    this.#children.push(child)
    known.child = child
    if (!(await this.within(8_000, async () => (await this.view(member)) !== undefined)))
      throw new Error(`${member} does not answer`)
  }

  async #newPorts(): Promise<Pick<Member, 'ports' | 'client'>> {
    const [http = 0, raft = 0] = await freePorts(2)
    const { capabilities } = this.#binary
    return { ports: { http, raft }, client: createRqliteClient({ httpPort: http, capabilities }) }
  }

  #member(member: string): Member {
    const known = this.#members.get(member)
    if (known === undefined) throw new RangeError(`there is no ${member}`)
    return known
  }

  #address(member: string): string {
    return `127.0.0.1:${this.#member(member).ports.raft}`
  }

  #data(member: string): string {
    return join(this.#directory, member)
  }
}

const exited = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await Promise.race([gone, pause(EXIT_MS, undefined, { ref: false })])
}
