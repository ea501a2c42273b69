import type { Logger } from '@dbcluster/protocol'
import type { ReplicaProcess } from '../process/replica-process.js'
import type { HostedReplicaListener, HostedReplicaRequest } from './replica-host.js'
import { watchVoters } from './watch-voters.js'

/** Passes on what becomes of a replica's process, until the signal ends that. */
export const listenTo = (
  process: ReplicaProcess,
  { name, assignment, gather, start }: HostedReplicaRequest,
  { listener, logger, signal }: { listener: HostedReplicaListener; logger: Logger; signal: AbortSignal },
): void => {
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
    listener.ready()
    if (gather === undefined) return
    watchVoters(process.client, gather, signal).then(
      (voters) => {
        if (voters !== undefined) listener.gathered(voters)
      },
      (error: unknown) => logger.debug('Stopped counting voters', { database: name, error: String(error) }),
    )
  })
}
