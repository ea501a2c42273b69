import { DbClusterError, type Operation } from '@dbcluster/protocol'
import { defineEndpoint, type Endpoint } from './endpoint.js'
import { KeyOutput, KeysOutput } from './outputs.js'
import { CreateKeyInput, KeyIdInput, ListKeysInput } from './schemas.js'

type CreateKey = Extract<Operation, { readonly op: 'createKey' }>

/** Endpoints for API keys. Their secrets are made by the caller and never travel: `dbcluster keys create` does that. */
export const keyEndpoints: readonly Endpoint[] = [
  defineEndpoint({
    op: 'createKey',
    method: 'POST',
    path: '/v1/keys',
    summary: 'Make an API key known, by the hash of its secret',
    source: 'body',
    input: CreateKeyInput,
    output: KeyOutput,
    operation: ({ may_create, expires_at, ...rest }): CreateKey => ({
      op: 'createKey',
      ...rest,
      ...(may_create === undefined ? {} : { mayCreate: may_create }),
      ...(expires_at === undefined ? {} : { expiresAtMs: toMilliseconds(expires_at) }),
    }),
    respond: ({ key }) => ({ key }),
  }),
  defineEndpoint({
    op: 'listKeys',
    method: 'GET',
    path: '/v1/keys',
    summary: 'API keys of this app, revoked ones included, without their hashes',
    source: 'query',
    input: ListKeysInput,
    output: KeysOutput,
    operation: (input) => ({ op: 'listKeys', ...input }),
    respond: ({ keys }) => ({ keys }),
  }),
  defineEndpoint({
    op: 'revokeKey',
    method: 'DELETE',
    path: '/v1/keys/{id}',
    summary: 'End an API key for good, on every node and gateway',
    source: 'path',
    input: KeyIdInput,
    output: KeyOutput,
    operation: ({ id }) => ({ op: 'revokeKey', id }),
    respond: ({ key }) => ({ key }),
  }),
]

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

const toMilliseconds = (text: string): number => {
  const ms = TIME.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isFinite(ms) && ms >= 0) return ms
  throw new DbClusterError('INVALID_VALUE', `expires_at is ${JSON.stringify(text.slice(0, 60))}`, {
    hint: 'send a time as RFC 3339 has it, such as 2030-01-31T00:00:00Z',
  })
}
