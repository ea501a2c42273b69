import { DbClusterError } from '@dbcluster/protocol'
import type { RqliteBinary } from '../binary/describe-rqlited.js'
import { securityArguments } from '../security/security-arguments.js'
import type { ReplicaSpec, ReplicaStart } from './replica-spec.js'
import { type ReplicaTiming, timingOf } from './timing.js'

/** The only environment that rqlited gets: it reads none of ours, and SQLite's local time is the same everywhere. */
export const RQLITED_ENVIRONMENT: Readonly<Record<string, string>> = { TZ: 'UTC' }

/**
 * The command line of one replica (https://rqlite.io/docs/guides/config/). HTTP is bound to loopback only, whatever the
 * Raft host. What acts per replica and not through the Raft log is off: automatic optimize and vacuum.
 * @throws DbClusterError `INVALID_REQUEST` for a spec that rqlited would misread
 */
export const replicaArguments = (binary: RqliteBinary, spec: ReplicaSpec, dataDirectory: string): readonly string[] => {
  const timing = checkTiming(timingOf(spec.timing))
  const { capabilities } = binary
  checkText('raftId', spec.raftId)
  checkText('raftHost', spec.raftHost)
  return [
    ...['-node-id', spec.raftId],
    ...['-http-addr', `127.0.0.1:${spec.httpPort}`],
    ...['-raft-addr', hostAndPort(spec.raftHost, spec.raftPort)],
    ...[capabilities.heartbeatFlag, `${timing.heartbeatMs}ms`],
    ...['-raft-election-timeout', `${timing.electionMs}ms`],
    ...['-raft-leader-lease-timeout', `${timing.leaderLeaseMs}ms`],
    ...(capabilities.hasAutoOptimize ? ['-auto-optimize-int', '0'] : []),
    ...(capabilities.failedSnapshotLeavesHole ? ['-raft-snap', NEVER, '-raft-snap-wal-size', '0'] : []),
    ...(capabilities.hasShutdownStepdown ? [`-raft-shutdown-stepdown=${spec.shutdownStepdown ?? true}`] : []),
    `-fk=${spec.foreignKeys}`,
    ...securityArguments(spec),
    ...joinArguments(spec.start, timing),
    dataDirectory,
  ]
}

/** So many log entries that rqlited takes no snapshot by itself. */
const NEVER = String(2 ** 53)

/** `host:port`, with the brackets that an IPv6 address needs. */
export const hostAndPort = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/** Nothing listens there: what joins through it stays up, is a member of nothing, and does not bootstrap. */
const NOBODY = '127.0.0.1:1'
/** A newcomer is told to join, or to end, long before. */
const WARM_ATTEMPTS = 1_000_000
const WARM_INTERVAL_MS = 1_000

/** A failed join ends rqlited, so attempts x interval cover the limit. */
const joinArguments = (start: ReplicaStart, timing: ReplicaTiming): readonly string[] => {
  if (start.kind === 'warm') {
    return ['-join', NOBODY, '-join-attempts', String(WARM_ATTEMPTS), '-join-interval', `${WARM_INTERVAL_MS}ms`]
  }
  if (start.kind !== 'join' && start.kind !== 'rejoin') return []
  if (start.addresses.length === 0) throw new DbClusterError('INVALID_REQUEST', 'a join needs at least one address')
  for (const address of start.addresses) checkText('join address', address)
  return [
    ...['-join', start.addresses.join(',')],
    ...['-join-attempts', String(Math.ceil(timing.joinLimitMs / timing.joinIntervalMs))],
    ...['-join-interval', `${timing.joinIntervalMs}ms`],
  ]
}

const checkText = (what: string, text: string): void => {
  if (text !== '' && !/[\s,\0]/.test(text) && !text.startsWith('-')) return
  throw new DbClusterError('INVALID_REQUEST', `${what} ${JSON.stringify(text.slice(0, 80))} cannot be an argument`, {
    hint: 'no spaces, commas or leading "-"',
  })
}

/** hashicorp/raft refuses other orders when it starts; said here, the message names our own settings. */
const checkTiming = (timing: ReplicaTiming): ReplicaTiming => {
  const { heartbeatMs, electionMs, leaderLeaseMs, joinIntervalMs, joinLimitMs } = timing
  const whole = [heartbeatMs, electionMs, leaderLeaseMs, joinIntervalMs, joinLimitMs].every(
    (ms) => Number.isInteger(ms) && ms >= 5,
  )
  if (whole && electionMs >= heartbeatMs && leaderLeaseMs <= heartbeatMs) return timing
  throw new DbClusterError('INVALID_REQUEST', `Raft timing ${JSON.stringify(timing)} cannot work`, {
    hint: 'whole milliseconds of at least 5, electionMs >= heartbeatMs >= leaderLeaseMs',
  })
}
