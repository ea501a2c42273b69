import type { Voter } from './raft/entry.js'
import { RaftLog } from './raft/raft-log.js'

/** What a planned stop leaves behind. */
export interface StopRecord {
  readonly clusterId: string
  readonly run: number
  readonly lastIndex: number
  readonly lastTerm: number
  readonly voters: readonly Voter[]
}

/** A replica's directory. */
export interface Directory {
  readonly clusterId: string
  readonly raftId: string
  log: RaftLog
  stopRecord: StopRecord | undefined
  /** Launches counted in the directory; an older copy has fewer than are counted outside. */
  launches: number
}

export const createDirectory = (of: { readonly clusterId: string; readonly raftId: string }): Directory => ({
  clusterId: of.clusterId,
  raftId: of.raftId,
  log: new RaftLog(),
  stopRecord: undefined,
  launches: 0,
})

/** As a backup of the directory would be. */
export const copyDirectory = (directory: Directory): Directory => ({ ...directory, log: directory.log.copy() })
