import { hostAndPort } from '../arguments/replica-arguments.js'
import type { ReplicaSpec } from '../arguments/replica-spec.js'
import { NO_SECURITY, securityMark } from '../security/replica-security.js'
import type { ProcessIdentity } from './process-host.js'
import { type ReplicaFiles, readJsonFile, writeJsonFile } from './replica-files.js'

/** `process.json`: which rqlited was started here and as what. Written before the start without a process, then with. */
export interface ProcessRecord {
  readonly process: ProcessIdentity | null
  readonly clusterId: string
  /** Absent in records that know of none. */
  readonly recovery?: number
  readonly raftId: string
  readonly httpPort: number
  readonly raftAddress: string
  readonly foreignKeys: boolean
  readonly startKind: string
  /** Under which keys it runs; absent in records that know of none. */
  readonly security?: string
  readonly args: readonly string[]
}

export const processRecord = (
  spec: ReplicaSpec,
  args: readonly string[],
  identity: ProcessIdentity | null,
): ProcessRecord => ({
  process: identity === null ? null : { pid: identity.pid, startTime: identity.startTime },
  clusterId: spec.clusterId,
  recovery: spec.recovery ?? 0,
  raftId: spec.raftId,
  httpPort: spec.httpPort,
  raftAddress: hostAndPort(spec.raftHost, spec.raftPort),
  foreignKeys: spec.foreignKeys,
  startKind: spec.start.kind,
  security: securityMark(spec.security, spec.clusterId),
  args,
})

export const writeProcessRecord = (files: ReplicaFiles, record: ProcessRecord): Promise<void> =>
  writeJsonFile(files.process, record)

/** Undefined when there is none, or what is there isn't one. */
export const readProcessRecord = async (files: ReplicaFiles): Promise<ProcessRecord | undefined> => {
  const value = await readJsonFile(files.process)
  return isRecord(value) ? value : undefined
}

const isRecord = (value: unknown): value is ProcessRecord => {
  if (typeof value !== 'object' || value === null) return false
  const { process, clusterId, raftId, startKind } = value as Partial<ProcessRecord>
  const identified =
    process === null || (typeof process?.pid === 'number' && process.pid > 1 && typeof process.startTime === 'string')
  return identified && typeof clusterId === 'string' && typeof raftId === 'string' && typeof startKind === 'string'
}

/** Starts that a process of any other kind cannot stand in for. */
const DISTINCT_KINDS: ReadonlySet<string> = new Set<ReplicaSpec['start']['kind']>(['warm', 'rejoin', 'recover'])

/** Whether the recorded process is what this spec would start, so that it can go on in its place. */
export const recordFits = (record: ProcessRecord, spec: ReplicaSpec): boolean =>
  fitsKind(record.startKind, spec.start.kind) &&
  record.clusterId === spec.clusterId &&
  (record.recovery ?? 0) === (spec.recovery ?? 0) &&
  record.raftId === spec.raftId &&
  record.httpPort === spec.httpPort &&
  record.raftAddress === hostAndPort(spec.raftHost, spec.raftPort) &&
  record.foreignKeys === spec.foreignKeys &&
  (record.security ?? NO_SECURITY) === securityMark(spec.security, spec.clusterId)

const fitsKind = (running: string, wanted: string): boolean =>
  running === wanted || (running !== 'warm' && !DISTINCT_KINDS.has(wanted))
