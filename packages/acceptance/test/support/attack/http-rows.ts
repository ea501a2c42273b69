import { createGateway } from '@dbcluster/gateway'
import type { Logger, OperationName } from '@dbcluster/protocol'
import { sampleRequests } from '@dbcluster/testkit'
import type { AttackRow } from './attack.js'
import { READS } from './reads.js'

/** What a gateway tells everybody, by SECURITY.md. */
const PUBLIC_PAGES: readonly string[] = ['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs']

const nothing = (): void => undefined
const SILENT: Logger = { error: nothing, warn: nothing, info: nothing, debug: nothing, child: () => SILENT }

/** Every route that a gateway has, as `GET /v1/database/list`. */
const routesOfGateway = (): readonly string[] =>
  createGateway()({ transport: {} as never, logger: SILENT })
    // Those for all methods answer what isn't a route.
    .routes.filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path}`)

/** The routes of a gateway, each with a request. @throws Error when a route has no sample: it would not be attacked */
export const httpRows = (baseUrl: string, database: string): readonly AttackRow[] => {
  const samples = new Map(
    sampleRequests(database).map((sample) => [sample.endpoint.replaceAll(/\{(\w+)\}/g, ':$1'), sample]),
  )
  return routesOfGateway().map((route) => {
    const [method = '', path = ''] = route.split(' ')
    const sample = samples.get(route)
    if (sample === undefined && !PUBLIC_PAGES.includes(path)) throw new Error(`${route} is attacked by nobody`)
    const url = `${baseUrl}${sample?.path ?? path}`
    const json = sample?.json === undefined ? undefined : JSON.stringify(sample.json)
    return {
      target: `gateway ${route}`,
      attempts: ({ credential }) => [
        {
          kind: 'http',
          url,
          method,
          headers: {
            ...(credential === '' ? {} : { 'x-api-key': credential }),
            ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(json === undefined ? {} : { body: json }),
        },
      ],
      outcome: ({ outcome, status }) => String(status ?? outcome),
      held: ({ reads }) => heldStatus(sample?.op, reads),
    }
  })
}

const heldStatus = (op: OperationName | undefined, reads: boolean): readonly string[] => {
  if (op === undefined) return ['200']
  if (!reads) return ['401']
  return READS.includes(op) ? ['200'] : ['403']
}
