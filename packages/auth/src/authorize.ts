import { DbClusterError, type Principal, type Scope } from '@dbcluster/protocol'
import { scopeCovers } from './scope.js'

/**
 * Checks that a principal may do something, and to this database (by the app's own name, `users`).
 * @throws DbClusterError `FORBIDDEN`
 */
export const authorize = (principal: Principal, need: Scope, database?: string): void => {
  if (!scopeCovers(principal.scope, need)) {
    throw new DbClusterError('FORBIDDEN', `this needs the scope ${need}, the credential has ${principal.scope}`, {
      hint: `use a credential with the scope ${need}`,
      details: { need, scope: principal.scope },
    })
  }
  if (database === undefined || principal.databases === undefined || principal.databases.includes(database)) return
  throw new DbClusterError('FORBIDDEN', `the credential is not for the database ${JSON.stringify(database)}`, {
    hint: 'use a credential that names this database, or one that names none and so is for all of the app’s',
    details: { database },
  })
}
