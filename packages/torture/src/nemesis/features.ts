import { nodeJsonSchema } from '@dbcluster/config'
import type { Field } from './field.js'

const LIMIT_MS = 15_000

/** Sends a database to sleep. @returns the status that came, or 0 when no gateway answered */
export const hibernate = async (field: Field, database: string): Promise<number> => {
  for (const { url } of field.gateways) {
    try {
      const response = await fetch(`${url}/v1/database/hibernate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': field.cluster.key },
        body: JSON.stringify({ database }),
        signal: AbortSignal.timeout(LIMIT_MS),
      })
      await response.arrayBuffer()
      return response.status
    } catch {
      // The next one.
    }
  }
  return 0
}

/** Why databases can't be sent to sleep; undefined when they can. */
export const noHibernation = async (field: Field): Promise<string | undefined> => {
  for (const { url } of field.gateways) {
    try {
      const document = await (await fetch(`${url}/openapi.json`, { signal: AbortSignal.timeout(LIMIT_MS) })).text()
      if (document.includes('/v1/database/hibernate')) return undefined
      return 'this build has no POST /v1/database/hibernate'
    } catch {
      // The next one.
    }
  }
  return 'no gateway says whether it can'
}

/** Why nodes that are gone aren't replaced; undefined when they are. Asks the configuration, which has a bound for it or not. */
export const noReplacement = (): string | undefined =>
  JSON.stringify(nodeJsonSchema()).includes('"replacements_at_once"') ? undefined : 'this build does not replace nodes'
