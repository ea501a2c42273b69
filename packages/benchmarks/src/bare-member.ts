import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import {
  createRqliteClient,
  type ReplicaSpec,
  RQLITED_ENVIRONMENT,
  type RqliteBinary,
  type RqliteClient,
  replicaArguments,
} from '@dbcluster/rqlite'

/** Where one hand-started rqlited lives. */
export interface BareMemberInit {
  readonly binary: RqliteBinary
  readonly directory: string
  readonly index: number
  readonly httpPort: number
  readonly raftPort: number
}

/** One rqlited as somebody would start it by hand, over all its runs. */
export class BareMember {
  readonly client: RqliteClient
  readonly #init: BareMemberInit
  #child: ChildProcess | undefined

  constructor(init: BareMemberInit) {
    this.#init = init
    mkdirSync(this.#data)
    this.client = createRqliteClient({ httpPort: init.httpPort, capabilities: init.binary.capabilities })
  }

  start(start: ReplicaSpec['start']): void {
    const { binary, directory, index, httpPort, raftPort } = this.#init
    const spec: ReplicaSpec = {
      database: 'bare',
      clusterId: '0'.repeat(32),
      raftId: `member-${index}`,
      directory: this.#data,
      httpPort,
      raftHost: '127.0.0.1',
      raftPort,
      start,
      timing: 'local',
      foreignKeys: true,
    }
    const log = openSync(join(directory, `${index}.log`), 'a')
    try {
      const args = replicaArguments(binary, spec, join(this.#data, 'rqlite'))
      this.#child = spawn(binary.path, args, { stdio: ['ignore', log, log], env: RQLITED_ENVIRONMENT })
    } finally {
      closeSync(log)
    }
  }

  /** Sends a signal, and resolves when the process is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child
    return new Promise((resolve) => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return resolve()
      child.once('exit', () => resolve())
      child.kill(signal)
    })
  }

  get #data(): string {
    return join(this.#init.directory, `${this.#init.index}`)
  }
}
