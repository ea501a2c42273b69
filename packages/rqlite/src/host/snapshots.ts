import type { Logger } from '@dbcluster/protocol'
import type { RqliteCapabilities } from '../binary/capabilities.js'
import type { RqliteClient } from '../client/rqlite-client.js'
import { DEFAULT_SNAPSHOT_POLICY, keepSnapshots, type SnapshotPolicy } from './snapshot-keeper.js'
import { type SnapshotOf, takeSnapshot } from './take-snapshot.js'

export interface SnapshotsInit {
  readonly capabilities: RqliteCapabilities
  readonly logger: Logger
  readonly policy: Partial<SnapshotPolicy> | undefined
}

/** A replica that runs. */
export interface SnapshotSubject {
  readonly name: string
  readonly directory: string
  readonly client: RqliteClient
}

type TrailingEntries = Pick<SnapshotOf, 'trailingEntries'>

/** Entries that stay where a newcomer is about to join, and those from which on a log is worth shortening for it. */
const NEWCOMER = { trailingEntries: 128, worthFrom: 1_024 } as const

/** The snapshots of a host's replicas. */
export class Snapshots {
  readonly #init: SnapshotsInit

  constructor(init: SnapshotsInit) {
    this.#init = init
  }

  /** Takes one now. @returns whether everything applied is in a snapshot then */
  async take({ name, directory, client }: SnapshotSubject, trailing: TrailingEntries = {}): Promise<boolean> {
    const { capabilities, logger } = this.#init
    try {
      await takeSnapshot({ directory, client, capabilities, ...trailing })
      return true
    } catch (error) {
      logger.warn('No snapshot was taken: the next start replays the log', { database: name, error: String(error) })
      return false
    }
  }

  /**
   * Takes one that leaves next to nothing of the log: a newcomer is sent the database as it is then, not all that led to
   * it. While it replays that, it knows only voters of long ago, and has no vote for those of today.
   */
  async takeForNewcomer(subject: SnapshotSubject): Promise<void> {
    const { lastLogIndex } = await subject.client.status()
    if (lastLogIndex >= NEWCOMER.worthFrom) await this.take(subject, NEWCOMER)
  }

  /**
   * Takes them for as long as the replica runs, where rqlited is not to do so by itself.
   * @param inTurn lets nothing else be done with this replica meanwhile
   */
  keep(
    subject: SnapshotSubject,
    signal: AbortSignal,
    inTurn: (work: () => Promise<boolean>) => Promise<boolean>,
  ): void {
    const { capabilities, policy } = this.#init
    if (!capabilities.failedSnapshotLeavesHole) return
    const take = (): Promise<boolean> => inTurn(async () => signal.aborted || (await this.take(subject)))
    void keepSnapshots({ ...DEFAULT_SNAPSHOT_POLICY, ...policy, ...subject, take, signal })
  }
}
