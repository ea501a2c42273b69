import type { Logger } from '@dbcluster/protocol'
import { RQLITED_ENVIRONMENT, replicaArguments } from '../arguments/replica-arguments.js'
import type { ReplicaSpec } from '../arguments/replica-spec.js'
import type { RqliteBinary } from '../binary/describe-rqlited.js'
import { writeSecurityFiles } from '../security/security-files.js'
import type { Clock } from './clock.js'
import type { ProcessHost, RunningProcess } from './process-host.js'
import {
  type ProcessRecord,
  processRecord,
  readProcessRecord,
  recordFits,
  writeProcessRecord,
} from './process-record.js'
import { checkStart, hasRaftState } from './raft-state.js'
import { makeReplicaDirectories, type ReplicaFiles, rotateLog } from './replica-files.js'
import { stopStrays } from './stop-strays.js'

export interface LaunchContext {
  readonly spec: ReplicaSpec
  readonly binary: RqliteBinary
  readonly files: ReplicaFiles
  readonly host: ProcessHost
  readonly clock: Clock
  readonly logger: Logger
}

export interface Launched {
  readonly process: RunningProcess
  readonly adopted: boolean
}

/**
 * One live rqlited for this replica: the one that an earlier run of this node left behind, if it is what the spec asks
 * for; else a new one, after any other process on this directory was stopped.
 * @throws DbClusterError `RQLITED_REFUSED` when the directory forbids this start; what the system says otherwise
 */
export const launch = async (context: LaunchContext): Promise<Launched> => {
  const { spec, binary, files, host, logger } = context
  await makeReplicaDirectories(files)
  const record = await readProcessRecord(files)
  const adopted = await adopt(context, record)
  if (adopted !== undefined) return { process: adopted, adopted: true }

  await checkStart(spec, record?.startKind)
  const args = replicaArguments(binary, spec, files.data)
  await writeSecurityFiles(spec, Date.now())
  await rotateLog(files)
  await writeProcessRecord(files, processRecord(spec, args, null))
  const process = await host.spawn({ path: binary.path, args, environment: RQLITED_ENVIRONMENT, logFile: files.log })
  try {
    await writeProcessRecord(files, processRecord(spec, args, process))
  } catch (error) {
    // Unrecorded it could never be adopted nor told from a stranger.
    process.signal('SIGKILL')
    throw error
  }
  logger.debug('rqlited started', { pid: process.pid, args: args.join(' ') })
  return { process, adopted: false }
}

const adopt = async (
  { spec, files, host, clock, logger }: LaunchContext,
  record: ProcessRecord | undefined,
): Promise<RunningProcess | undefined> => {
  const known = record?.process ?? undefined
  const found = known === undefined ? undefined : await host.find(known, files.data)
  if (record !== undefined && found !== undefined && recordFits(record, spec)) return found
  found?.release()
  // Without a recorded process one may still have been started; then the directory in the arguments tells.
  const unsure = record === undefined ? await hasRaftState(spec.directory) : record.process === null
  if (found === undefined && !unsure) return undefined
  await stopStrays(files, { host, clock, logger })
  return undefined
}
