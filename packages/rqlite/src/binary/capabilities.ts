/** A version as far as the binary tells it; the parts it keeps silent about count as 0: the oldest of its kind. */
export interface RqliteVersion {
  readonly major: number
  readonly minor: number
  readonly patch: number
  /** Whether the binary told all three parts. */
  readonly exact: boolean
}

/** What one rqlited can do, so that nothing else here compares versions. */
export interface RqliteCapabilities {
  /** The flag of the Raft heartbeat timeout; renamed in 10.0. */
  readonly heartbeatFlag: '-raft-timeout' | '-raft-heartbeat-timeout'
  readonly hasShutdownStepdown: boolean
  /** Has `-auto-optimize-int` (8.30 and later), which acts on each replica by itself and is switched off. */
  readonly hasAutoOptimize: boolean
  /** `level=linearizable` can be trusted on `/db/query` (8.32.2 and later); older ones silently serve `weak`. */
  readonly linearizable: boolean
  /** How a BLOB parameter is passed: as an array of bytes (8.31 and later), or only as `x'…'` within the SQL text. */
  readonly blobParameters: 'inline' | 'array'
  /** A text parameter of the shape `x'0102'` turns into a BLOB (8.31 and later), so it must stand in the SQL text. */
  readonly hexTextIsBlob: boolean
  /**
   * `-node-verify-client` does what it says (8.43.3 and later). Before, from 8.14 on, rqlited says `mutual TLS enabled`
   * and lets clients without a certificate in all the same (tcp.NewTLSMux drops the argument): what they send is
   * encrypted, and nobody asked who they are.
   */
  readonly checksRaftClients: boolean
  /**
   * A snapshot that fails leaves the next one with a hole (before 10.0; some 9.3 and 9.4 are better): when a reader keeps
   * the checkpoint from finishing, SQLite starts its WAL anew with the next write, and what was in it is in no snapshot.
   * Nothing is seen of that until rqlited starts from its snapshots: "database disk image is malformed". So we take
   * all snapshots ourselves, and after one that failed have a whole one taken.
   */
  readonly failedSnapshotLeavesHole: boolean
  /** Whether a backup as SQL text must be asked of the leader (`fmt=sql` through a follower fails on 8.26). */
  readonly sqlBackupLeaderOnly: boolean
}

const VERSION = /\bv?(\d+)(?:\.(\d+))?(?:\.(\d+))?/

/** Reads the output of `rqlited -version`, such as `rqlited v9.4.5 linux amd64 …`; undefined when it has no number. */
export const parseVersion = (output: string): RqliteVersion | undefined => {
  const match = VERSION.exec(output.replace(/^rqlited\s+/, ''))
  if (match === null) return undefined
  const [, major, minor, patch] = match
  return { major: Number(major), minor: Number(minor ?? 0), patch: Number(patch ?? 0), exact: patch !== undefined }
}

/** The flags that `rqlited -h` lists. */
export const parseFlags = (help: string): ReadonlySet<string> =>
  new Set(Array.from(help.matchAll(/^\s{1,4}(-[a-z][a-z0-9-]*)/gm), (match) => match[1] ?? ''))

const atLeast = (version: RqliteVersion, major: number, minor: number, patch: number): boolean => {
  if (version.major !== major) return version.major > major
  if (version.minor !== minor) return version.minor > minor
  return version.patch >= patch
}

/**
 * What a binary can do, by its flags where they tell and else by its version (rqlite's changelog). A build that doesn't
 * tell its version is taken for the oldest of its major, except where the newer behaviour must be guarded against:
 * then the guard, which harms neither, is on.
 */
export const capabilitiesOf = (version: RqliteVersion, flags: ReadonlySet<string>): RqliteCapabilities => {
  const hasAutoOptimize = flags.has('-auto-optimize-int')
  const mayBeNewer = !version.exact && hasAutoOptimize
  return {
    heartbeatFlag: flags.has('-raft-heartbeat-timeout') ? '-raft-heartbeat-timeout' : '-raft-timeout',
    hasShutdownStepdown: flags.has('-raft-shutdown-stepdown'),
    hasAutoOptimize,
    linearizable: atLeast(version, 8, 32, 2),
    blobParameters: atLeast(version, 8, 31, 0) ? 'array' : 'inline',
    hexTextIsBlob: atLeast(version, 8, 31, 0) || mayBeNewer,
    checksRaftClients: atLeast(version, 8, 43, 3),
    failedSnapshotLeavesHole: !atLeast(version, 10, 0, 0),
    sqlBackupLeaderOnly: !atLeast(version, 9, 0, 0),
  }
}
