import type { StopRecord } from '@dbcluster/protocol'
import type { Random } from '../random.js'
import type { Schedule } from '../schedule.js'
import { copyDirectory, createDirectory, type Directory } from './directory.js'
import type { Voter } from './raft/entry.js'
import type { RaftFabric } from './raft/raft-fabric.js'
import type { RaftServer } from './raft/raft-server.js'
import { Rqlited } from './rqlited.js'
import type { ReplicaListener, StartReplica } from './start-replica.js'
import { stopRecordOf } from './stop-record-of.js'

/** How rqlited behaves on this machine; may change while it runs. */
export interface Temper {
  startMs: { low: number; high: number }
  /** SIGTERM to exit. */
  stopMs: { low: number; high: number }
  /** Share of starts that fail. */
  failure: number
}

export interface MachineInit {
  readonly peerId: string
  readonly schedule: Schedule
  readonly random: Random
  readonly fabric: RaftFabric
  readonly onBootstrap: (start: StartReplica) => void
  /** A process is about to exist: what the directory says is what it will believe. */
  readonly onSpawn: (start: StartReplica, directory: Directory) => void
  /** A directory is about to be moved out of the way. */
  readonly onSetAside: (name: string, directory: Directory) => void
}

/** Raft as a node sees it in its own rqlited. */
export interface RaftSight {
  readonly raftId: string
  readonly isLeader: boolean
  readonly leaderId: string | undefined
  readonly term: number
  readonly lastIndex: number
  readonly lastTerm: number
  readonly commitIndex: number
  readonly voters: readonly Voter[]
}

/**
 * A machine's rqlited processes and data directories. Both outlive the node's process; nobody hears of what they do
 * while it is down.
 */
export class Machine {
  readonly peerId: string
  readonly temper: Temper = { startMs: { low: 30, high: 150 }, stopMs: { low: 4, high: 10 }, failure: 0 }
  /** Directories that were set aside. */
  readonly quarantine: { readonly name: string; readonly directory: Directory; readonly reason: string }[] = []
  readonly #init: MachineInit
  readonly #processes = new Map<string, Rqlited>()
  readonly #directories = new Map<string, Directory>()
  /** Launches of each member, counted outside of its directory. */
  readonly #marks = new Map<string, number>()
  readonly #backups = new Map<string, Directory>()
  readonly #stolen = new Set<number>()
  /** Names of databases whose process no planned stop ends: for planted faults. */
  readonly immortal = new Set<string>()
  /** Processes ever started. */
  launches = 0
  #full = false

  constructor(init: MachineInit) {
    this.#init = init
    this.peerId = init.peerId
  }

  /** Starts a replica's rqlited, after ending what runs of it; one that runs already, as asked, is adopted. */
  start(request: StartReplica, listener: ReplicaListener): void {
    const { name, decree, assignment } = request
    const running = this.#processes.get(name)
    if (running?.fits(request)) return running.adopt(listener)
    if (running !== undefined) this.#end(name, { stepDown: true })
    const about = { clusterId: decree.clusterId, raftId: assignment.raftId }
    const lost = this.#mismatch(request)
    if (lost !== undefined) return void this.#init.schedule.after(1, () => listener.lost(lost))
    const kept = this.#directories.get(name)
    const isFresh = kept?.raftId !== about.raftId || kept.clusterId !== about.clusterId
    if (isFresh && kept !== undefined) this.#setAside(name, kept, 'another replica takes its place')
    const directory = kept !== undefined && !isFresh ? kept : createDirectory(about)
    this.#directories.set(name, directory)
    directory.httpPort = assignment.httpPort
    this.#launch(directory, name)
    this.#init.onSpawn(request, directory)
    const { fabric, schedule, random, onBootstrap, peerId } = this.#init
    const rqlited = new Rqlited({ request, listener, directory, peerId, fabric, schedule, random, temper: this.temper })
    rqlited.full = this.#full
    rqlited.isBlocked = this.#stolen.has(assignment.httpPort)
    rqlited.onBootstrap = onBootstrap
    rqlited.onFailed = () => this.#processes.get(name) === rqlited && this.#processes.delete(name)
    this.#processes.set(name, rqlited)
    rqlited.spawn()
  }

  /** The planned stop. @returns through `done` what may be shown later */
  sleep(name: string, run: number, done: (record: StopRecord | undefined) => void): void {
    const { schedule, random } = this.#init
    const { low, high } = this.temper.stopMs
    const sight = this.sight(name)
    const running = this.#processes.get(name)
    if (running === undefined) return void schedule.after(1, () => done(this.#directories.get(name)?.stopRecord))
    schedule.after(random.between(low, high), () => {
      if (this.#processes.get(name) !== running) return done(undefined)
      if (this.immortal.has(name)) return done(undefined)
      this.#end(name, { stepDown: true })
      const record = sight === undefined ? undefined : stopRecordOf(running.clusterId, run, sight)
      const directory = this.#directories.get(name)
      if (directory !== undefined && !this.#full) directory.stopRecord = record
      done(directory?.stopRecord)
    })
  }

  /** SIGTERM, or with `stepDown: false` SIGKILL; directory and ports stay. */
  halt(name: string, options: { readonly stepDown: boolean }, done: () => void): void {
    const { schedule, random } = this.#init
    const running = this.#processes.get(name)
    schedule.after(random.between(this.temper.stopMs.low, this.temper.stopMs.high), () => {
      if (running !== undefined && this.#processes.get(name) === running) this.#end(name, options)
      done()
    })
  }

  /** Stops the process and sets its directory aside. */
  remove(name: string, reason: string): void {
    this.#end(name, { stepDown: true })
    const directory = this.#directories.get(name)
    if (directory !== undefined) this.#setAside(name, directory, reason)
    this.#marks.delete(name)
  }

  stopRecord(name: string): StopRecord | undefined {
    return this.#directories.get(name)?.stopRecord
  }

  sight(name: string): RaftSight | undefined {
    return this.#processes.get(name)?.sight()
  }

  /** A running rqlited that takes part in Raft. */
  server(name: string): RaftServer | undefined {
    return this.#processes.get(name)?.server
  }

  directory(name: string): Directory | undefined {
    return this.#directories.get(name)
  }

  /** Names of databases with a directory here. */
  directories(): string[] {
    return [...this.#directories.keys()].sort()
  }

  /** What lies on the disk, and whose it is. */
  found(): { readonly name: string; readonly member: { readonly clusterId: string; readonly raftId: string } }[] {
    return this.directories().flatMap((name) => {
      const directory = this.#directories.get(name)
      return directory === undefined
        ? []
        : [{ name, member: { clusterId: directory.clusterId, raftId: directory.raftId } }]
    })
  }

  /** Names of databases with a process here. */
  running(): string[] {
    return [...this.#processes.keys()].sort()
  }

  isBound(httpPort: number): boolean {
    return this.#stolen.has(httpPort) || [...this.#processes.values()].some((process) => process.httpPort === httpPort)
  }

  /** HTTP ports at which replicas with a directory here ran last. */
  homes(): number[] {
    return [...this.#directories.values()].map(({ httpPort }) => httpPort)
  }

  /** Something that is none of ours takes these ports, unless a process of ours has them, or gives all back. */
  steal(httpPorts: readonly number[]): void {
    for (const httpPort of httpPorts) if (!this.isBound(httpPort)) this.#stolen.add(httpPort)
  }

  giveBack(): void {
    this.#stolen.clear()
  }

  /** The node's process died: its children go on, or some die too, and nobody listens. */
  orphan(deathShare: number): void {
    for (const [name, process] of [...this.#processes]) {
      process.adopt(undefined)
      if (this.#init.random.chance(deathShare)) this.#end(name, { stepDown: false })
    }
  }

  /** rqlited dies by itself; who listens hears of it and starts it again. */
  kill(name: string): void {
    this.#processes.get(name)?.die()
  }

  /** SIGSTOP and SIGCONT of one rqlited. */
  freeze(name: string, isFrozen: boolean): void {
    const server = this.server(name)
    if (server === undefined) return
    server.paused = isFrozen
    this.#init.fabric.changed()
  }

  /** No room on the disk, or room again. */
  set full(isFull: boolean) {
    this.#full = isFull
    for (const process of this.#processes.values()) process.full = isFull
    this.#init.fabric.changed()
  }

  get full(): boolean {
    return this.#full
  }

  /** The disk is gone. */
  wipe(): void {
    for (const name of [...this.#processes.keys()]) this.#end(name, { stepDown: false })
    this.#directories.clear()
    this.#marks.clear()
    this.#backups.clear()
  }

  /** A directory is emptied behind everybody's back; its process must not run. */
  empty(name: string): void {
    const directory = this.#directories.get(name)
    if (directory === undefined || this.#processes.has(name)) return
    this.#directories.delete(name)
  }

  /** Somebody takes a copy of a directory. */
  backUp(name: string): void {
    const directory = this.#directories.get(name)
    if (directory !== undefined) this.#backups.set(name, copyDirectory(directory))
  }

  /** Somebody puts the copy back, where the member was launched since: others are not told apart. */
  restoreBackUp(name: string): boolean {
    const backup = this.#backups.get(name)
    const directory = this.#directories.get(name)
    if (backup === undefined || directory === undefined || this.#processes.has(name)) return false
    if (backup.raftId !== directory.raftId || backup.launches >= directory.launches) return false
    this.#directories.set(name, copyDirectory(backup))
    return true
  }

  /** The launches that were counted outside of a directory are forgotten: for planted faults. */
  forgetMark(name: string): void {
    this.#marks.delete(name)
  }

  /** It is not the directory of this member's last launch. */
  isOutdated(name: string, directory: Directory): boolean {
    return directory.launches < (this.#marks.get(name) ?? 0)
  }

  /** Why this directory must not be started as this member, or nothing. */
  #mismatch({ name, start, decree, assignment }: StartReplica): string | undefined {
    if (start.kind === 'bootstrap' || start.kind === 'join' || start.kind === 'warm') return undefined
    const directory = this.#directories.get(name)
    const isSame = directory?.raftId === assignment.raftId && directory.clusterId === decree.clusterId
    if (directory === undefined || !isSame) return 'its directory was emptied, or is another one'
    if (this.isOutdated(name, directory)) return 'its directory is a copy from an earlier launch'
    return undefined
  }

  /** The stop record is void, on disk, before the process can exist. */
  #launch(directory: Directory, name: string): void {
    this.launches += 1
    directory.stopRecord = undefined
    directory.launches += 1
    this.#marks.set(name, directory.launches)
  }

  #setAside(name: string, directory: Directory, reason: string): void {
    this.#init.onSetAside(name, directory)
    this.#directories.delete(name)
    this.quarantine.push({ name, directory, reason })
  }

  #end(name: string, options: { readonly stepDown: boolean }): void {
    const process = this.#processes.get(name)
    this.#processes.delete(name)
    process?.end(options)
  }
}
