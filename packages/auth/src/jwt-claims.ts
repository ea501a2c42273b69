import { checkAppName, checkDatabaseName, type DbClusterError, LIMITS, type Principal } from '@dbcluster/protocol'
import type { JWTPayload } from 'jose'
import { highestScope, mayCreateByDefault } from './scope.js'
import { unauthenticated } from './unauthenticated.js'

/** Longest subject that is passed on, for logs. */
const SUBJECT_MAX_CHARS = 256

/** Whom the claims of a verified token stand for. @throws DbClusterError `UNAUTHENTICATED` */
export const principalOf = (claims: JWTPayload): Principal => {
  const { sub, app, scope, databases, create } = claims
  const known = typeof scope === 'string' ? highestScope(scope) : undefined
  if (known === undefined) throw refuse('claim "scope" has none of read, write and admin')
  if (create !== undefined && typeof create !== 'boolean') throw refuse('claim "create" is neither true nor false')
  return {
    app: valid('app', () => checkAppName(app)),
    scope: known,
    mayCreate: create ?? mayCreateByDefault(known),
    subject: typeof sub === 'string' ? sub.slice(0, SUBJECT_MAX_CHARS) : 'jwt',
    ...(databases === undefined ? {} : { databases: databaseList(databases) }),
  }
}

const databaseList = (databases: unknown): string[] => {
  if (!Array.isArray(databases) || databases.length > LIMITS.databasesPerKey) {
    throw refuse(`claim "databases" is not a list of at most ${LIMITS.databasesPerKey} names`)
  }
  return valid('databases', () => databases.map(checkDatabaseName))
}

const valid = <T>(claim: string, check: () => T): T => {
  try {
    return check()
  } catch {
    throw refuse(`claim "${claim}" is missing or no valid name`)
  }
}

const refuse = (what: string): DbClusterError => unauthenticated('claims', `the token's ${what}`)
