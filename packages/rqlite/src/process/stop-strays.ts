import type { Logger } from '@dbcluster/protocol'
import type { Clock } from './clock.js'
import type { ProcessHost, RunningProcess } from './process-host.js'
import type { ReplicaFiles } from './replica-files.js'

/** Time that a stray gets to end by SIGTERM before SIGKILL. */
const STRAY_GRACE_MS = 3_000

/** Ends every rqlited that runs on a replica's directory; resolves when they are gone. */
export const stopStrays = async (
  files: Pick<ReplicaFiles, 'data'>,
  { host, clock, logger }: { readonly host: ProcessHost; readonly clock: Clock; readonly logger: Logger },
): Promise<void> => {
  for (const stray of await host.findByLastArgument(files.data)) {
    logger.warn('Stopping a stray rqlited', { pid: stray.pid, directory: files.data })
    await stopStray(stray, clock)
  }
}

const stopStray = async (stray: RunningProcess, clock: Clock): Promise<void> => {
  stray.signal('SIGTERM')
  const cancel = clock.after(STRAY_GRACE_MS, () => stray.signal('SIGKILL'))
  await stray.exited
  cancel()
}
