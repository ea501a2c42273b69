import { Type } from '@sinclair/typebox'
import { LIMITS } from './limits.js'

/**
 * The name of an app's database among nodes, `myapp_users`: it names directories, so nothing else is taken from
 * messages and records, whoever sent them. The same rule as `isInternalName`.
 */
export const InternalNameSchema = Type.String({
  pattern: `^[a-z][a-z0-9-]{0,${LIMITS.appNameChars - 1}}_[a-z][a-z0-9_-]{0,${LIMITS.databaseNameChars - 1}}$`,
})
