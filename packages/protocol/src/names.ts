import { DbClusterError } from './errors.js'
import { LIMITS } from './limits.js'

const APP = /^[a-z][a-z0-9-]*$/
const DATABASE = /^[a-z][a-z0-9_-]*$/

const refuse = (kind: string, name: unknown, allowed: string, limit: number): never => {
  const shown = typeof name === 'string' ? JSON.stringify(name.slice(0, 80)) : `a ${typeof name}`
  throw new DbClusterError('INVALID_NAME', `${shown} is not a valid ${kind} name`, {
    hint: `use ${allowed}, starting with a letter, at most ${limit} characters`,
    details: { kind },
  })
}

/** Checks an app name: lower-case letters, digits and `-`, so that the first `_` of an internal name splits the pair.
 * @throws DbClusterError `INVALID_NAME` */
export const checkAppName = (name: unknown): string =>
  typeof name === 'string' && name.length <= LIMITS.appNameChars && APP.test(name)
    ? name
    : refuse('app', name, 'lower-case letters, digits and "-"', LIMITS.appNameChars)

/** Checks a database name as the app knows it: lower-case letters, digits, `-` and `_`.
 * @throws DbClusterError `INVALID_NAME` */
export const checkDatabaseName = (name: unknown): string =>
  typeof name === 'string' && name.length <= LIMITS.databaseNameChars && DATABASE.test(name)
    ? name
    : refuse('database', name, 'lower-case letters, digits, "-" and "_"', LIMITS.databaseNameChars)

/** The name under which nodes know an app's database, and its directory: `myapp_users`. */
export const internalName = (app: string, database: string): string =>
  `${checkAppName(app)}_${checkDatabaseName(database)}`

/** The pair an internal name was made of. @throws DbClusterError `INVALID_NAME` when it is no internal name */
export const splitInternalName = (name: string): { readonly app: string; readonly database: string } => {
  const at = name.indexOf('_')
  if (at < 0) throw new DbClusterError('INVALID_NAME', `${JSON.stringify(name)} has no app before the first "_"`)
  return { app: checkAppName(name.slice(0, at)), database: checkDatabaseName(name.slice(at + 1)) }
}

/** Whether a text is an internal name; for names from disk or from the wire. */
export const isInternalName = (name: string): boolean => {
  const at = name.indexOf('_')
  const [app, database] = [name.slice(0, at), name.slice(at + 1)]
  return (
    at > 0 &&
    app.length <= LIMITS.appNameChars &&
    APP.test(app) &&
    database.length <= LIMITS.databaseNameChars &&
    DATABASE.test(database)
  )
}
