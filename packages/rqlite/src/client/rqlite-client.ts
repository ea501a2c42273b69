import { type Consistency, DbClusterError } from '@dbcluster/protocol'
import type { RqliteCapabilities } from '../binary/capabilities.js'
import { basicAuthorization, type ReplicaCredential } from '../security/replica-credential.js'
import { decodeReply } from './decode-results.js'
import { encodeStatements } from './encode-statements.js'
import { createHttpChannel, type HttpRequest } from './http-channel.js'
import { nodesOf, raftViewOf } from './raft-view.js'
import { requestError } from './request-error.js'
import { isReplicaFault } from './statement-error.js'
import type {
  CallOptions,
  ExecuteOptions,
  QueryOptions,
  QueryReply,
  RaftView,
  RqliteNode,
  RqliteResult,
  RqliteStatement,
  SnapshotOptions,
} from './types.js'

export interface RqliteClientInit {
  /** On 127.0.0.1. */
  readonly httpPort: number
  readonly capabilities: RqliteCapabilities
  /** @default none: the rqlited asks for none */
  readonly credential?: ReplicaCredential
  /** Most requests at once; further ones wait. @default 32 */
  readonly connections?: number
  /** Largest reply that is read; a blob's byte takes up to four. @default 64 MiB */
  readonly responseMaxBytes?: number
  /** Time limit of a call that names none. @default 30_000 */
  readonly timeoutMs?: number
  /** Told of writes that failed on this replica, maybe on it alone ({@link isReplicaFault}). @default nobody */
  readonly onFault?: (error: DbClusterError) => void
}

/**
 * Speaks to one rqlited. Nothing is forwarded by rqlite unless asked to ({@link CallOptions.forward}): what needs the
 * leader and reaches a follower fails with `NOT_LEADER`, applied nowhere; except {@link RqliteClient.readThroughRaft}.
 * Nothing is retried.
 * Every error's `details.outcome` says what is certain ({@link Outcome}).
 */
export interface RqliteClient {
  /** Reads. A statement that writes fails alone, with `SQL_NOT_A_READ`. */
  query(statements: readonly RqliteStatement[], options?: QueryOptions): Promise<QueryReply>
  /** Writes, as one Raft entry. */
  execute(statements: readonly RqliteStatement[], options?: ExecuteOptions): Promise<readonly RqliteResult[]>
  /** What this rqlited knows about Raft; asks no other node. */
  status(options?: CallOptions): Promise<RaftView>
  /** Members with their reachability, which is tried: takes up to its time limit when one is gone. */
  nodes(options?: CallOptions): Promise<readonly RqliteNode[]>
  /** Whether `/readyz` is content: store open, a leader known, and all that was committed when it was asked applied. */
  ready(options?: CallOptions): Promise<boolean>
  /** One read through the Raft log, forwarded to the leader if need be: proves a working majority. */
  readThroughRaft(options?: CallOptions): Promise<void>
  /** Takes a snapshot of this replica; nothing new to take counts as done. */
  snapshot(options?: SnapshotOptions): Promise<void>
  /** Removes a member through the leader. An unknown id counts as removed. */
  remove(raftId: string, options?: CallOptions): Promise<void>
  /** The database as an SQLite file, or as SQL text (ask the leader for that), in pieces. */
  backup(format: 'sqlite' | 'sql', options?: CallOptions): AsyncGenerator<Uint8Array, void, void>
  close(): Promise<void>
}

export const createRqliteClient = (init: RqliteClientInit): RqliteClient => {
  const { capabilities } = init
  const channel = createHttpChannel({
    httpPort: init.httpPort,
    authorization: init.credential === undefined ? undefined : basicAuthorization(init.credential),
    connections: init.connections ?? 32,
    responseMaxBytes: init.responseMaxBytes ?? 64 * 1024 * 1024,
    timeoutMs: init.timeoutMs ?? 30_000,
  })

  /** @throws DbClusterError when the status isn't 200 */
  const ask = async (request: HttpRequest, options?: CallOptions): Promise<string> => {
    const { status, text } = await channel.send(request, options)
    if (status === 200 || status === 204) return text
    throw requestError(request, status, text)
  }

  const askResults = async (request: HttpRequest, options?: CallOptions): Promise<readonly RqliteResult[]> => {
    const { results, error } = decodeReply(await ask(request, options))
    if (error !== undefined) throw requestError(request, 200, error)
    return results
  }

  const askJson = async (path: string, options?: CallOptions): Promise<unknown> =>
    JSON.parse(await ask({ what: `GET ${path}`, writes: false, method: 'GET', path }, options))

  return {
    async query(statements, options = {}) {
      if (statements.length === 0) return { results: [], consistency: options.level ?? 'weak' }
      const consistency = levelFor(capabilities, options.level ?? 'weak')
      const freshness = options.freshnessMs === undefined ? '' : `&freshness=${options.freshnessMs}ms&freshness_strict`
      const path = `/db/query?level=${consistency}&${AS_WRITTEN}${redirectUnless(options.forward)}&retries=0${freshness}`
      const body = encodeStatements(capabilities, statements)
      const results = await askResults({ what: 'query', writes: false, method: 'POST', path, body }, options)
      return { results: complete(results, statements.length), consistency }
    },
    async execute(statements, options = {}) {
      if (statements.length === 0) return []
      const endpoint = options.returnsRows === true ? '/db/request' : '/db/execute'
      const transaction = options.transaction === true ? '&transaction' : ''
      const path = `${endpoint}?${AS_WRITTEN}${redirectUnless(options.forward)}&retries=0${transaction}`
      const body = encodeStatements(capabilities, statements)
      const results = await askResults({ what: 'execute', writes: true, method: 'POST', path, body }, options)
      const fault = results.find(({ error }) => error !== undefined && isReplicaFault(error.code))?.error
      if (fault !== undefined) init.onFault?.(fault)
      const failed = results.at(-1)?.error !== undefined
      return options.transaction === true && failed ? results : complete(results, statements.length)
    },
    status: async (options) => raftViewOf(await askJson('/status?key=store', options)),
    nodes: async (options) => nodesOf(await askJson('/nodes?ver=2&nonvoters&timeout=2s', options)),
    async ready(options) {
      const request = { what: 'readiness', writes: false, method: 'GET', path: '/readyz?sync&timeout=2s' } as const
      return (await channel.send(request, options)).status === 200
    },
    async readThroughRaft(options) {
      const path = '/db/query?level=strong&retries=0'
      const body = '["SELECT 1"]'
      const results = await askResults(
        { what: 'read through Raft', writes: false, method: 'POST', path, body },
        options,
      )
      const error = results[0]?.error
      if (error !== undefined) throw error
    },
    async snapshot(options) {
      const { trailingEntries } = options ?? {}
      const path = trailingEntries === undefined ? '/snapshot' : `/snapshot?trailing_logs=${trailingEntries}`
      const request = { what: 'snapshot', writes: false, method: 'POST', path } as const
      const { status, text } = await channel.send(request, options)
      if (status !== 200 && status !== 204 && !/nothing new to snapshot|wait until the configuration/.test(text)) {
        throw requestError(request, status, text)
      }
    },
    async remove(raftId, options) {
      const body = JSON.stringify({ id: raftId })
      await ask(
        {
          what: `remove ${raftId}`,
          writes: true,
          method: 'DELETE',
          path: `/remove?retries=0${redirectUnless(options?.forward)}`,
          body,
        },
        options,
      )
    },
    backup(format, options) {
      const path = format === 'sql' ? '/db/backup?fmt=sql&redirect' : '/db/backup?redirect'
      return channel.stream({ what: `backup as ${format}`, writes: false, method: 'GET', path }, options)
    },
    close: () => channel.close(),
  }
}

/**
 * Blobs as arrays of bytes; and statements as they were sent. rqlite would parse each one to put values into the place of
 * random() and, in newer versions, of times, and send its own rendering of the text on: ours are free of both already, and a
 * text that only looks like a call stays what it is. Older binaries pass over what they don't know.
 */
const AS_WRITTEN = 'blob_array&norwrandom&norwtime'

const redirectUnless = (forward: boolean | undefined): string => (forward === true ? '' : '&redirect')

/** Older binaries take `linearizable` for `weak` and say nothing; `strong` is the next level that keeps the promise. */
const levelFor = (capabilities: RqliteCapabilities, level: Consistency): Consistency =>
  level === 'linearizable' && !capabilities.linearizable ? 'strong' : level

/** rqlite leaves out the result of an empty statement; then results can't be told apart any more. */
const complete = (results: readonly RqliteResult[], expected: number): readonly RqliteResult[] => {
  if (results.length === expected) return results
  throw new DbClusterError('INTERNAL', `rqlited gave ${results.length} results for ${expected} statements`, {
    hint: 'a statement was empty, or several statements stood in one text',
    details: { outcome: 'unknown' },
  })
}
