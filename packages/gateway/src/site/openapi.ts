import { CONSISTENCIES, ERROR_CODES } from '@dbcluster/protocol'
import type { TObject } from '@sinclair/typebox'
import { ENDPOINTS } from '../endpoints/all.js'
import type { Endpoint } from '../endpoints/endpoint.js'
import { ErrorOutput } from '../endpoints/outputs.js'

type Json = Readonly<Record<string, unknown>>

const JSON_TYPE = 'application/json'

/** Statuses with which any endpoint may answer, beside its own 200. */
const FAILURES: Readonly<Record<string, string>> = {
  '400': 'Bad input or SQL error',
  '401': 'No credential, or not a valid one',
  '403': 'The credential does not allow it',
  '404': 'No such database or table',
  '409': 'An assertion failed, or a conflict',
  '413': 'Request or result too large',
  '415': 'The body is not JSON',
  '429': 'Too many requests; see Retry-After',
  '500': 'It failed inside',
  '503': 'Nothing was done and it may be tried again; see Retry-After',
  '504': 'No answer in time; a write may have been applied',
}

/** The API as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0). */
export const createOpenApi = (version: string): Json => {
  const paths: Record<string, Record<string, Json>> = {}
  for (const endpoint of ENDPOINTS) {
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method.toLowerCase()]: describeEndpoint(endpoint) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'dbcluster gateway',
      version,
      description: `Replicated SQLite databases on demand. Consistency of reads: ${CONSISTENCIES.join(', ')}. Error codes: ${Object.keys(ERROR_CODES).join(', ')}, and SQLite's own.`,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { apiKey: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'a JWT or an API key' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
      parameters: {
        timeout: {
          name: 'X-Timeout-Ms',
          in: 'header',
          description: 'how long the caller waits, when that is less than the limit',
          schema: { type: 'integer', minimum: 1 },
        },
        requestId: { name: 'X-Request-Id', in: 'header', schema: { type: 'string', maxLength: 128 } },
      },
      schemas: { Error: withoutId(ErrorOutput) },
      responses: Object.fromEntries(
        Object.entries(FAILURES).map(([status, description]) => [
          `E${status}`,
          { description, content: { [JSON_TYPE]: { schema: { $ref: '#/components/schemas/Error' } } } },
        ]),
      ),
    },
  }
}

const describeEndpoint = (endpoint: Endpoint): Json => ({
  operationId: endpoint.operationId,
  summary: endpoint.summary,
  parameters: [
    ...parametersOf(endpoint),
    { $ref: '#/components/parameters/timeout' },
    { $ref: '#/components/parameters/requestId' },
  ],
  ...(endpoint.source === 'body'
    ? { requestBody: { required: true, content: { [JSON_TYPE]: { schema: plainSchema(endpoint.input) } } } }
    : {}),
  responses: {
    '200': { description: 'Done', content: { [JSON_TYPE]: { schema: plainSchema(endpoint.output) } } },
    ...Object.fromEntries(
      Object.keys(FAILURES).map((status) => [status, { $ref: `#/components/responses/E${status}` }]),
    ),
  },
})

const parametersOf = ({ source, input }: Endpoint): readonly Json[] =>
  source === 'body'
    ? []
    : Object.entries(input.properties).map(([name, schema]) => ({
        name,
        in: source === 'path' ? 'path' : 'query',
        required: source === 'path' || (input.required ?? []).includes(name),
        schema: plainSchema(schema),
      }))

/** Schemas carry symbols of the library that made them; JSON does not. */
const plainSchema = (schema: unknown): unknown => JSON.parse(JSON.stringify(schema))

const withoutId = (schema: TObject): unknown => {
  const { $id: _, ...rest } = schema
  return plainSchema(rest)
}
