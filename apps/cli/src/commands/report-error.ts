import { toDbClusterError } from '@dbcluster/protocol'
import pc from 'picocolors'

/** Tells an error on standard error: what went wrong, and what to do; the stack only of the program's own faults. */
export const reportError = (thrown: unknown): void => {
  const error = toDbClusterError(thrown)
  const isOurs = thrown === error
  process.stderr.write(`${pc.red(error.message)}\n`)
  if (error.hint !== undefined) process.stderr.write(`${pc.bold('What to do:')} ${error.hint}\n`)
  if (!isOurs && thrown instanceof Error) process.stderr.write(`${thrown.stack ?? ''}\n`)
}
