import type { StopRecord } from '@dbcluster/protocol'
import { RaftLog } from './raft/raft-log.js'

/** A replica's directory. */
export interface Directory {
  readonly clusterId: string
  readonly raftId: string
  /** The history that its log is of. */
  recovery: number
  log: RaftLog
  /** HTTP port of its last process. */
  httpPort: number
  stopRecord: StopRecord | undefined
  /** Launches counted in the directory; an older copy has fewer than are counted outside. */
  launches: number
}

export const createDirectory = (of: { readonly clusterId: string; readonly raftId: string }): Directory => ({
  clusterId: of.clusterId,
  raftId: of.raftId,
  recovery: 0,
  log: new RaftLog(),
  httpPort: 0,
  stopRecord: undefined,
  launches: 0,
})

/** As a backup of the directory would be. */
export const copyDirectory = (directory: Directory): Directory => ({ ...directory, log: directory.log.copy() })
