import type { NodeStatus } from '@dbcluster/protocol'
import { checkDatabaseName } from '@dbcluster/protocol/names'
import { Caller, type CallOptions } from './caller.js'
import { Database } from './database.js'
import type { Transport } from './transport.js'

/** The app's handle on its databases. */
export interface Client extends AsyncDisposable {
  /** Reaches a node now rather than at the first call. @throws DbClusterError `NODE_UNREACHABLE` */
  connect(): Promise<void>
  /** A database by the app's name for it; created when it is missing. @throws DbClusterError `INVALID_NAME` */
  database(name: string, options?: CallOptions): Promise<Database>
  readonly databases: {
    /** Names of this app's databases. */
    list(options?: CallOptions): Promise<readonly string[]>
    /** Deletes a database with all its rows, on every node. @throws DbClusterError `DATABASE_NOT_FOUND` */
    delete(name: string, options?: CallOptions): Promise<void>
  }
  readonly network: {
    /** The nodes as the one that was asked sees them. */
    status(options?: CallOptions): Promise<{ readonly nodes: readonly NodeStatus[] }>
  }
  /** Ends calls under way with `CANCELLED`; idempotent. */
  close(): Promise<void>
}

/** A client over any transport. `createClient` is the usual way to one. */
export const createClientOver = (transport: Transport, credential?: string): Client => {
  const caller = new Caller(transport, credential)
  return {
    connect: () => transport.connect(),
    database: async (name, options) => {
      const database = checkDatabaseName(name)
      await caller.call<'open'>({ op: 'open', database }, options)
      return new Database(database, caller)
    },
    databases: {
      list: async (options) => (await caller.call<'list'>({ op: 'list' }, options)).result.databases,
      delete: async (name, options) => {
        await caller.call<'delete'>({ op: 'delete', database: checkDatabaseName(name) }, options)
      },
    },
    network: {
      status: async (options) => (await caller.call<'networkStatus'>({ op: 'networkStatus' }, options)).result,
    },
    close: () => transport.close(),
    [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: () => transport.close(),
  } as Client
}
