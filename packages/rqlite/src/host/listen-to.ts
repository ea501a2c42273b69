import type { Logger } from '@dbcluster/protocol'
import type { ReplicaProcess } from '../process/replica-process.js'
import type { HostedReplicaListener, HostedReplicaRequest } from './replica-host.js'
import { watchVoters } from './watch-voters.js'

/** Passes on what becomes of a replica's process, until the signal ends that. */
export const listenTo = (
  process: ReplicaProcess,
  { name, assignment, gather, start }: HostedReplicaRequest,
  about: {
    readonly listener: HostedReplicaListener
    readonly logger: Logger
    readonly signal: AbortSignal
    /** Which recovery its directory is of, once it serves. */
    readonly history: () => Promise<number>
  },
): void => {
  const { listener, logger, signal, history } = about
  const onReady = async (): Promise<void> => {
    const recovery = await history()
    if (signal.aborted) return
    listener.ready(recovery)
    if (gather === undefined) return
    const voters = await watchVoters(process.client, gather, signal).catch((error: unknown) => {
      logger.debug('Stopped counting voters', { database: name, error: String(error) })
    })
    if (voters !== undefined) listener.gathered(voters)
  }
  process.onStateChanged((state) => {
    if (signal.aborted) return
    if (state.phase === 'failed') return listener.failed(state.error?.message ?? 'it gave up')
    if (state.phase !== 'ready') return
    if (start.kind === 'warm') return listener.warmed()
    logger.info('Database instance started', {
      database: name,
      http_port: assignment.httpPort,
      raft_port: assignment.raftPort,
      adopted: state.adopted,
    })
    onReady().catch((error: unknown) => listener.failed(`its history could not be noted: ${String(error)}`))
  })
}
