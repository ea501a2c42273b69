import { DbClusterError, isDbClusterError, toDbClusterError } from '@dbcluster/protocol'
import { outcomeOf } from '@dbcluster/rqlite'
import type { Deadline } from '../deadline.js'
import { tooLarge } from '../reads/result-size.js'

/**
 * What a failed write is to its caller. The end of its time, or the caller's own wish to stop, says nothing of what
 * rqlited does with a request that it has: that is an unknown outcome, and no plain timeout.
 */
export const writeFailure = (thrown: unknown, deadline: Deadline): DbClusterError => {
  const error = toDbClusterError(thrown)
  if (error.code === 'RESULT_TOO_LARGE') return tooLarge('too many bytes to be read', true)
  if (error.code !== 'TIMEOUT' && error.code !== 'CANCELLED') return error
  if (outcomeOf(error) !== 'unknown') return endOf(deadline) ?? error
  return new DbClusterError(
    'OUTCOME_UNKNOWN',
    'the time was over while the write was under way: it may yet be applied',
    {
      hint: 'read back what it should have changed before you send it again; allow it more time',
      details: { outcome: 'unknown' },
      cause: error,
    },
  )
}

/** What a failed read is to its caller: the end of its time by the name that the caller knows. */
export const readFailure = (thrown: unknown, deadline: Deadline): DbClusterError => {
  const error = toDbClusterError(thrown)
  return (error.code === 'TIMEOUT' || error.code === 'CANCELLED' ? endOf(deadline) : undefined) ?? error
}

const endOf = ({ signal }: Deadline): DbClusterError | undefined =>
  isDbClusterError(signal.reason) ? signal.reason : undefined
