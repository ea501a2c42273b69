import { DbClusterError, isDbClusterError } from '@dbcluster/protocol'

/** The same error, of the statement that the caller knows by this index. */
export const atIndex = (error: DbClusterError, statementIndex: number): DbClusterError => retold(error, statementIndex)

/** The same error, of the only statement there was. */
export const withoutIndex = (error: DbClusterError): DbClusterError => retold(error, undefined)

/** Does something for one statement of several, so that an error says which. */
export const atStatement = <T>(index: number, work: () => T): T => {
  try {
    return work()
  } catch (error) {
    throw isDbClusterError(error) ? atIndex(error, index) : error
  }
}

const retold = (error: DbClusterError, statementIndex: number | undefined): DbClusterError => {
  const { code, message, hint, details } = error
  return new DbClusterError(code, message, { hint, details, cause: error, statementIndex })
}
