import { checkDatabaseName, type TableSchema } from '@dbcluster/protocol'
import { defineEndpoint, type Endpoint } from './endpoint.js'
import { DeleteOutput, ListOutput, NetworkOutput, OpenOutput, SchemaOutput, StatusOutput } from './outputs.js'
import { DatabaseInput, NameInput, NoInput } from './schemas.js'

const schema = (method: 'GET' | 'POST'): Endpoint =>
  defineEndpoint({
    op: 'schema',
    operationId: method === 'GET' ? 'schema' : 'postSchema',
    method,
    path: '/v1/database/schema',
    summary: 'Tables and views with their columns',
    source: method === 'GET' ? 'query' : 'body',
    input: DatabaseInput,
    output: SchemaOutput,
    operation: ({ database }) => ({ op: 'schema', database: checkDatabaseName(database) }),
    respond: ({ tables }) => ({
      tables: tables.map(({ name, columns, sql, type }: TableSchema) => ({ name, columns, sql, type })),
    }),
  })

/** Endpoints about databases as wholes, and about the network. */
export const databaseEndpoints: readonly Endpoint[] = [
  schema('GET'),
  schema('POST'),
  defineEndpoint({
    op: 'list',
    method: 'GET',
    path: '/v1/database/list',
    summary: "Names of this app's databases",
    source: 'query',
    input: NoInput,
    output: ListOutput,
    operation: () => ({ op: 'list' }),
    respond: ({ databases }) => ({ databases }),
  }),
  defineEndpoint({
    op: 'open',
    method: 'POST',
    path: '/v1/database/open',
    summary: 'Create a database unless it is there',
    source: 'body',
    input: DatabaseInput,
    output: OpenOutput,
    operation: ({ database }) => ({ op: 'open', database: checkDatabaseName(database) }),
    respond: ({ created, clusterId }) => ({ created, cluster_id: clusterId }),
  }),
  defineEndpoint({
    op: 'status',
    method: 'GET',
    path: '/v1/database/status',
    summary: 'Where the replicas of a database are and how they do',
    source: 'query',
    input: DatabaseInput,
    output: StatusOutput,
    operation: ({ database }) => ({ op: 'status', database: checkDatabaseName(database) }),
    respond: (status) => ({ ...status }),
  }),
  defineEndpoint({
    op: 'hibernate',
    method: 'POST',
    path: '/v1/database/hibernate',
    summary: 'Send a database to sleep; the next query wakes it',
    source: 'body',
    input: DatabaseInput,
    output: StatusOutput,
    operation: ({ database }) => ({ op: 'hibernate', database: checkDatabaseName(database) }),
    respond: (status) => ({ ...status }),
  }),
  defineEndpoint({
    op: 'wake',
    method: 'POST',
    path: '/v1/database/wake',
    summary: 'Wake a database ahead of the query that would',
    source: 'body',
    input: DatabaseInput,
    output: StatusOutput,
    operation: ({ database }) => ({ op: 'wake', database: checkDatabaseName(database) }),
    respond: (status) => ({ ...status }),
  }),
  defineEndpoint({
    op: 'delete',
    method: 'DELETE',
    path: '/v1/database/{name}',
    summary: 'Delete a database with all its rows, on every node',
    source: 'path',
    input: NameInput,
    output: DeleteOutput,
    operation: ({ name }) => ({ op: 'delete', database: checkDatabaseName(name) }),
    respond: () => ({ deleted: true }),
  }),
  defineEndpoint({
    op: 'networkStatus',
    method: 'GET',
    path: '/v1/network/status',
    summary: 'The nodes of the network',
    source: 'query',
    input: NoInput,
    output: NetworkOutput,
    operation: () => ({ op: 'networkStatus' }),
    respond: ({ nodes }) => ({ nodes }),
  }),
]
