import { isAlive, type RqlitedRef, signalProcess, type TestNode } from '@dbcluster/testkit'
import type { Host } from './machine.js'

/** One node of the run, with all that is its own: process, replicas' processes, host, disk. */
export class Member {
  readonly node: TestNode
  readonly host: Host
  /** The file system of its data directory is small. */
  readonly isSmall: boolean
  readonly peerId: string

  constructor(init: { readonly node: TestNode; readonly host: Host; readonly isSmall: boolean }) {
    this.node = init.node
    this.host = init.host
    this.isSmall = init.isSmall
    this.peerId = init.node.peerId
  }

  get name(): string {
    return this.host.name
  }

  /** The process of a database's replica here, if it runs. */
  rqlited(database: string): RqlitedRef | undefined {
    return this.node.rqliteds().find((one) => one.database.endsWith(`_${database}`))
  }

  /** A signal for the node and all its rqlited processes, as if it were for the whole host. */
  signalAll(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    const rqliteds = this.node.rqliteds()
    this.node.signal(signal)
    for (const rqlited of rqliteds) signalProcess(rqlited, signal)
  }

  /** Like a power cut: node and rqlited processes at once, with those that the node had just started. */
  async powerCut(): Promise<void> {
    this.signalAll('SIGKILL')
    await this.node.kill('SIGKILL')
    for (const rqlited of this.node.rqliteds()) if (isAlive(rqlited)) signalProcess(rqlited, 'SIGKILL')
  }
}
