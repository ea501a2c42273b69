import { checkAppName, checkDatabaseName, type DbClusterError, type Principal } from '@dbcluster/protocol'
import type { JWTPayload } from 'jose'
import { highestScope } from './scope.js'
import { unauthenticated } from './unauthenticated.js'

/** Longest subject that is passed on, for logs. */
const SUBJECT_MAX_CHARS = 256
/** As many databases as one token may name. */
const DATABASES_MAX = 1_000

/** Whom the claims of a verified token stand for. @throws DbClusterError `UNAUTHENTICATED` */
export const principalOf = (claims: JWTPayload): Principal => {
  const { sub, app, scope, databases } = claims
  const known = typeof scope === 'string' ? highestScope(scope) : undefined
  if (known === undefined) throw refuse('claim "scope" has none of read, write and admin')
  return {
    app: valid('app', () => checkAppName(app)),
    scope: known,
    subject: typeof sub === 'string' ? sub.slice(0, SUBJECT_MAX_CHARS) : 'jwt',
    ...(databases === undefined ? {} : { databases: databaseList(databases) }),
  }
}

const databaseList = (databases: unknown): string[] => {
  if (!Array.isArray(databases) || databases.length > DATABASES_MAX) {
    throw refuse(`claim "databases" is not a list of at most ${DATABASES_MAX} names`)
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
