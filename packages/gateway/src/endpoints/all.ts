import { databaseEndpoints } from './databases.js'
import type { Endpoint } from './endpoint.js'
import { keyEndpoints } from './keys.js'
import { statementEndpoints } from './statements.js'

/** Every endpoint of the API. */
export const ENDPOINTS: readonly Endpoint[] = [...statementEndpoints, ...databaseEndpoints, ...keyEndpoints]
