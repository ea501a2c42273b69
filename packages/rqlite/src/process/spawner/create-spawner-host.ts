import { createNodeProcessHost, type NodeProcessHostInit } from '../node-process-host.js'
import type { ProcessExit, ProcessHost, ProcessIdentity, RunningProcess, SpawnCommand } from '../process-host.js'
import { SpawnerLink } from './spawner-link.js'
import type { SpawnerReply } from './spawner-messages.js'

export interface SpawnerHostInit extends NodeProcessHostInit {
  /** Absolute path of a program that calls {@link serveSpawner}. */
  readonly program: string
}

/** A {@link ProcessHost} with a process of its own. */
export interface SpawnerHost extends ProcessHost {
  /** Starts the spawner, while this process is still small. Otherwise the first spawn does. */
  start(): void
  /** Its pid; undefined while there is none. */
  readonly pid: number | undefined
  /** Ends the spawner; what it started goes on. */
  close(): void
}

/**
 * Starts processes through a small helper. A fork copies the page tables of the whole process and makes all of its
 * memory copy-on-write: on some machines each page that a node writes to afterwards costs tens of microseconds, which
 * comes to most of a second for one rqlited, and all that the node does meanwhile is slowed down by it.
 */
export const createSpawnerHost = ({ program, ...init }: SpawnerHostInit): SpawnerHost => {
  const direct = createNodeProcessHost(init)
  const started = new Map<number, Started>()
  let link: SpawnerLink | undefined
  let lastId = 0

  const onReply = (reply: SpawnerReply): void => {
    started.get(reply.id)?.onReply(reply)
    if (reply.type !== 'spawned') started.delete(reply.id)
  }
  const onEnd = (): void => {
    for (const one of started.values()) one.onSpawnerEnded()
    started.clear()
  }
  const connected = (): SpawnerLink => {
    if (link === undefined || link.ended) link = new SpawnerLink(program, { onReply, onEnd })
    return link
  }

  return {
    start: () => void connected(),
    get pid() {
      return link?.ended === false ? link.pid : undefined
    },
    close: () => link?.close(),
    find: direct.find,
    findByLastArgument: direct.findByLastArgument,
    spawn(command) {
      const through = connected()
      lastId += 1
      const id = lastId
      const one = new Started(command, {
        signal: (name) => through.send({ type: 'signal', id, name }),
        find: direct.find,
        forget: () => void started.delete(id),
      })
      started.set(id, one)
      through.send({ type: 'spawn', id, command })
      return one.running
    },
  }
}

interface StartedComponents {
  readonly signal: (name: 'SIGTERM' | 'SIGKILL') => void
  readonly find: ProcessHost['find']
  readonly forget: () => void
}

/** One process that the spawner was asked to start. */
class Started {
  readonly running: Promise<RunningProcess>
  readonly #lastArgument: string
  readonly #components: StartedComponents
  #resolve: (process: RunningProcess) => void = () => undefined
  #reject: (error: Error) => void = () => undefined
  #exit: (exit: ProcessExit) => void = () => undefined
  #identity: ProcessIdentity | undefined
  #over = false
  /** After the spawner's end the process is watched as a stranger. */
  #adopted: RunningProcess | undefined
  #isOrphan = false
  /** What an orphan is to be sent once it is found. */
  #pending: 'SIGTERM' | 'SIGKILL' | undefined

  constructor({ args }: SpawnCommand, components: StartedComponents) {
    this.#lastArgument = args.at(-1) ?? ''
    this.#components = components
    this.running = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  onReply(reply: SpawnerReply): void {
    if (reply.type === 'refused') return this.#reject(new Error(reply.reason))
    if (reply.type === 'spawned') return this.#onSpawned(reply)
    this.#over = true
    this.#exit({ code: reply.code, signal: reply.signal })
  }

  onSpawnerEnded(): void {
    if (this.#identity === undefined) return this.#reject(new Error('the process that starts others ended'))
    this.#isOrphan = true
    void this.#adopt(this.#identity)
  }

  #onSpawned({ pid, startTime }: ProcessIdentity): void {
    this.#identity = { pid, startTime }
    const exited = new Promise<ProcessExit>((resolve) => {
      this.#exit = resolve
    })
    this.#resolve({
      pid,
      startTime,
      exited,
      signal: (name) => {
        if (this.#over) return false
        if (this.#adopted !== undefined) return this.#adopted.signal(name)
        if (this.#isOrphan) this.#pending = name
        else this.#components.signal(name)
        return true
      },
      release: () => {
        this.#over = true
        this.#exit = () => undefined
        this.#adopted?.release()
        this.#components.forget()
      },
    })
  }

  async #adopt(identity: ProcessIdentity): Promise<void> {
    const adopted = await this.#components.find(identity, this.#lastArgument)
    if (adopted === undefined) return this.#end({ code: undefined, signal: undefined })
    if (this.#over) return adopted.release()
    this.#adopted = adopted
    if (this.#pending !== undefined) adopted.signal(this.#pending)
    this.#end(await adopted.exited)
  }

  #end(exit: ProcessExit): void {
    this.#over = true
    this.#exit(exit)
  }
}
