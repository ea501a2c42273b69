import type { Authenticator } from '@dbcluster/auth'
import {
  type AuditEntry,
  type ClientResponse,
  type DatabaseRecord,
  DbClusterError,
  decodeMessage,
  encodeMessage,
  type KeyRecord,
  type Operation,
  type Principal,
} from '@dbcluster/protocol'
import { createSqlPlanner, type SqlPlannerInit } from '@dbcluster/sql'
import { createQueryGates } from '../../src/gates.js'
import {
  type AdmissionLimits,
  createQueryService,
  DEFAULT_ADMISSION_LIMITS,
  DEFAULT_QUERY_LIMITS,
  type LocalReplica,
  type QueryComponents,
  type QueryLimits,
  type QueryService,
} from '../../src/index.js'
import { type LoggedLine, recordingLogger } from './logger.js'

export const HERE = 'nodeHere'
export const CREDENTIAL = 'a credential that nobody else may see'

/** A record of an established database with a replica on each of these nodes. */
export const recordOf = (name: string, peerIds: readonly string[] = [HERE]): DatabaseRecord => ({
  kind: 'database',
  name,
  decree: {
    generation: 1,
    ballot: { round: 1, proposer: HERE },
    clusterId: 'c'.repeat(32),
    replicationFactor: peerIds.length,
    foreignKeys: true,
    rqliteMajor: 8,
    replicas: peerIds.map((peerId) => ({
      peerId,
      raftId: raftIdOf(peerId),
      host: '127.0.0.1',
      httpPort: 5_001,
      raftPort: 7_001,
    })),
  },
  established: true,
  deleted: false,
  replicas: Object.fromEntries(
    peerIds.map((peerId) => [peerId, { value: { clusterId: 'c'.repeat(32), status: 'active' as const }, clock: {} }]),
  ),
  clock: {},
})

export const raftIdOf = (peerId: string): string => (peerId === HERE ? 'raft-here' : `raft-${peerId}`)

/** A forwarded request, as the other node gets it. */
export type Answer = (peerId: string, message: unknown, signal: AbortSignal | undefined) => unknown

export interface WorldInit {
  readonly replicas?: Readonly<Record<string, LocalReplica>>
  readonly records?: readonly DatabaseRecord[]
  readonly principal?: Partial<Principal>
  readonly admission?: Partial<AdmissionLimits>
  readonly nowMs?: () => number
  readonly planner?: SqlPlannerInit
  readonly limits?: Partial<QueryLimits>
  /** What other nodes answer; an error that it throws is the network's. @default nobody can be reached */
  readonly answer?: Answer
}

/** A node's query path among doubles of everything around it. */
export interface World {
  readonly service: QueryService
  readonly components: QueryComponents
  readonly records: Map<string, DatabaseRecord>
  readonly ensured: string[]
  readonly removed: string[]
  readonly lines: LoggedLine[]
  readonly audited: AuditEntry[]
  ask(operation: Operation, over?: Partial<AskOver>): Promise<ClientResponse>
  /** The result. @throws the error's body */
  result<T>(operation: Operation, over?: Partial<AskOver>): Promise<T>
}

interface AskOver {
  readonly timeoutMs: number
  readonly credential: string
  readonly signal: AbortSignal
  readonly hops: number
}

export const createWorld = (init: WorldInit = {}): World => {
  const records = new Map((init.records ?? []).map((record) => [record.name, record]))
  const keys = new Map<string, KeyRecord>()
  const audited: AuditEntry[] = []
  const [ensured, removed, lines]: [string[], string[], LoggedLine[]] = [[], [], []]
  const principal: Principal = { app: 'app', scope: 'admin', subject: 'test', ...init.principal }
  const usable = (name: string): DatabaseRecord | undefined => {
    const record = records.get(name)
    return record?.established === true && !record.deleted ? record : undefined
  }
  const authenticator: Authenticator = {
    configuredApp: () => undefined,
    authenticate: async (credential) => {
      if (credential === CREDENTIAL) return principal
      throw new DbClusterError('UNAUTHENTICATED', 'the API key is not known here')
    },
  }
  const placed = [...records.values()].flatMap((record) => record.decree.replicas.map((replica) => replica.peerId))
  const replicas = { get: (name: string) => init.replicas?.[name] }
  const components: QueryComponents = {
    coordinator: {
      ensure: async (name) => {
        ensured.push(name)
        const record = usable(name) ?? recordOf(name)
        records.set(name, record)
        return { record, created: true }
      },
      remove: async (name) => {
        removed.push(name)
        records.delete(name)
      },
      operate: async () => ({}),
      hibernate: async () => undefined,
      wake: async () => undefined,
      database: usable,
      record: (name) => records.get(name),
      databases: (prefix) => [...records.values()].filter(({ name }) => name.startsWith(prefix)),
      nodes: () => [],
      roster: undefined,
      admitted: true,
      key: (id) => keys.get(id),
      keys: () => [...keys.values()],
      putKey: async (id, grant) => {
        const known = keys.get(id)
        const record: KeyRecord =
          grant === undefined
            ? { kind: 'key', id, ...known, revoked: true, clock: {} }
            : (known ?? { kind: 'key', id, grant, revoked: false, clock: {} })
        keys.set(id, record)
        return record
      },
    },
    network: {
      peerId: HERE,
      multiaddrs: () => [`/ip4/127.0.0.1/tcp/4001/p2p/${HERE}`],
      knownAddresses: () => [],
      connectedPeers: () => [...new Set(placed)].filter((peerId) => peerId !== HERE),
      health: () => ({ state: 'healthy', lastSeenAt: undefined }),
      request: async (peerId, _protocol, payload, options) => {
        if (init.answer === undefined) throw new DbClusterError('NODE_UNREACHABLE', 'nobody is there')
        return encodeMessage(await init.answer(peerId, decodeMessage(payload), options?.signal))
      },
    },
    replicas,
    gates: createQueryGates(replicas),
    authenticator,
    planner: createSqlPlanner(init.planner),
    limits: { ...DEFAULT_QUERY_LIMITS, ...init.limits },
    logger: recordingLogger(lines),
    nowMs: init.nowMs ?? Date.now,
    admission: { ...DEFAULT_ADMISSION_LIMITS, ...init.admission },
    audit: { record: (entry) => void audited.push(entry) },
  }
  const service = createQueryService(components)
  const ask = async (operation: Operation, over: Partial<AskOver> = {}): Promise<ClientResponse> => {
    const { timeoutMs = 10_000, credential = CREDENTIAL, signal = new AbortController().signal, hops = 0 } = over
    const request = { requestId: 'r1', timeoutMs, operation }
    const answer =
      hops === 0
        ? service.handleClient({ from: 'app', payload: encodeMessage({ ...request, credential }), signal })
        : service.handleForward({ from: 'node', payload: encodeMessage({ principal, hops, request }), signal })
    return decodeMessage(await answer) as ClientResponse
  }
  const result = async <T>(operation: Operation, over?: Partial<AskOver>): Promise<T> => {
    const response = await ask(operation, over)
    if (response.ok) return response.result as T
    throw response.error
  }
  return { service, components, records, ensured, removed, lines, audited, ask, result }
}
