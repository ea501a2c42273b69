import type { ApiKeyInit } from '@dbcluster/auth'
import type { Client } from '@dbcluster/client'
import type { OperationName, OperationResults } from '@dbcluster/protocol'
import type { AskOptions, OperationOf } from './direct-line.js'
import type { HttpHelper } from './http-helper.js'
import type { TestGateway } from './test-gateway.js'
import type { RqlitedRef, TestNode } from './test-node.js'

/** What a test cluster is to be. */
export interface TestClusterInit {
  /** @default 3 */
  readonly nodes?: number
  /** @default true */
  readonly gateway?: boolean
  /** Overrides for every node, as its `--set` takes them: `database.replication_factor=1`. */
  readonly sets?: readonly string[]
  /** A command that becomes the node after it, such as `['env', 'TZ=UTC0']`. @default none */
  readonly launcher?: (index: number) => readonly string[]
  /** Overrides for the gateway. */
  readonly gatewaySets?: readonly string[]
  /** Further API keys, by a name of the test's. */
  readonly keys?: Readonly<Record<string, ApiKeyInit>>
  /** Further entries of `auth.jwt`, as the file has them. */
  readonly jwt?: readonly Readonly<Record<string, unknown>>[]
  /** Nodes accept HS256 tokens signed with it. */
  readonly jwtSecret?: string
}

/** Real processes in a temporary directory, gone after `stop()` or at the end of this process at the latest. */
export interface TestCluster extends AsyncDisposable {
  readonly directory: string
  readonly nodes: readonly TestNode[]
  /** @throws Error when there is none */
  readonly gateway: TestGateway
  /** The app of {@link key}. */
  readonly app: string
  /** An API key for everything. */
  readonly key: string
  /** The keys that were asked for, by their names. */
  readonly keys: Readonly<Record<string, string>>
  /** Text of the network's swarm-key file. */
  readonly networkKey: string
  readonly http: HttpHelper
  /** A client over libp2p that begins with this node, or with all; closed by `stop()`. */
  client(node?: number): Client
  /** A client over HTTP; closed by `stop()`. */
  httpClient(): Client
  /** Asks this node and no other, once. @throws DbClusterError */
  ask<O extends OperationName>(
    node: number,
    operation: OperationOf<O>,
    options?: AskOptions,
  ): Promise<OperationResults[O]>
  /** Resolves when every running node is admitted and sees all running ones as healthy. */
  settled(): Promise<void>
  /** Living rqlited processes of all nodes, also of those that were killed. */
  rqliteds(): readonly (RqlitedRef & { readonly node: number })[]
  /** Ends everything at once, rqlited processes of killed nodes included, and removes the directory. Idempotent. */
  stop(): Promise<void>
}
