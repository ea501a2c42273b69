import { describe, expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { KEY, make, post } from './support/make.js'

describe('health and readiness', () => {
  test('it is alive whatever the nodes do, and ready only when connected to one', async () => {
    const { app, transport } = make()
    expect((await app.request('/readyz')).status).toBe(200)
    transport.state = { ready: false, reason: 'connected to none of the nodes' }
    const response = await app.request('/readyz')
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await response.json()).toEqual({ status: 'unavailable', reason: 'connected to none of the nodes' })
    expect(await (await app.request('/healthz')).json()).toEqual({ status: 'ok' })
  })
})

describe('metrics', () => {
  test('count by route template, and their labels stay bounded', async () => {
    const { app } = make(() => ({ deleted: true }))
    for (const name of ['a', 'b', 'c']) {
      await app.request(`/v1/database/${name}`, { method: 'DELETE', headers: { 'x-api-key': KEY } })
    }
    for (const path of ['/x1', '/x2']) await app.request(path, { method: 'BREW' })
    await app.request('/v1/database/exec', post('{'))
    const text = await (await app.request('/metrics')).text()
    expect(text).toContain(
      'dbcluster_gateway_requests_total{route="/v1/database/{name}",method="DELETE",status="200"} 3',
    )
    expect(text).toContain('dbcluster_gateway_requests_total{route="unknown",method="other",status="404"} 2')
    expect(text).toContain('dbcluster_gateway_requests_total{route="/v1/database/exec",method="POST",status="400"} 1')
    expect(text).toContain(
      'dbcluster_gateway_request_duration_seconds_count{route="/v1/database/{name}",method="DELETE"} 3',
    )
    expect(text).toContain('dbcluster_gateway_requests_in_flight 1')
    expect(text).not.toContain('/x1')
  })
})

interface OpenApi {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
  readonly components: unknown
}
interface OpenApiOperation {
  readonly operationId: string
  readonly parameters: readonly { readonly name?: string; readonly in?: string; readonly $ref?: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
  readonly responses: Readonly<Record<string, object>>
}

describe('the description of the API', () => {
  const load = async (): Promise<OpenApi> => (await (await make().app.request('/openapi.json')).json()) as OpenApi

  test('is OpenAPI 3.1 whose references resolve, with unique ids and declared path parameters', async () => {
    const document = await load()
    expect(document.openapi).toBe('3.1.0')
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)].map((match) => match[1] ?? '')
    expect(references.length).toBeGreaterThan(10)
    for (const reference of references) {
      const target = reference
        .slice(1)
        .split('/')
        .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document)
      expect([reference, typeof target]).toEqual([reference, 'object'])
    }
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, operation })),
    )
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length)
    for (const { path, operation } of operations) {
      const declared = operation.parameters.filter((one) => one.in === 'path').map((one) => one.name)
      expect(declared).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['200', '400', '401', '503', '504']))
    }
  })

  test('has every endpoint of the API, and schemas that are JSON Schema 2020-12', async () => {
    const { paths } = await load()
    const endpoints = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(endpoints.sort()).toEqual(
      [
        'DELETE /v1/database/{name}',
        'GET /v1/database/list',
        'GET /v1/database/schema',
        'GET /v1/database/status',
        'GET /v1/network/status',
        'GET /v1/keys',
        'POST /v1/keys',
        'DELETE /v1/keys/{id}',
        ...[
          'batch',
          'create-table',
          'drop-table',
          'exec',
          'hibernate',
          'open',
          'query',
          'schema',
          'transaction',
          'wake',
        ].map((name) => `POST /v1/database/${name}`),
      ].sort(),
    )
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods))) {
      const schema = operation.requestBody?.content['application/json']?.schema
      if (schema !== undefined) expect(() => ajv.compile(schema)).not.toThrow()
    }
    const exec = paths['/v1/database/exec']?.post?.requestBody?.content['application/json']?.schema ?? {}
    expect(ajv.validate(exec, { database: 'users', sql: 'x', args: [1] })).toBe(true)
    expect(ajv.validate(exec, { database: 'users' })).toBe(false)
  })

  test('has a page for people that loads nothing from elsewhere', async () => {
    const page = await (await make().app.request('/docs')).text()
    expect(page).toContain('/v1/database/transaction')
    expect(page).not.toMatch(/https?:\/\/(?!localhost)|<script/)
  })
})
