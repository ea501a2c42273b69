import type { CoordinatorConfig, LocalReplica, Memory, RosterVote } from '@dbcluster/coordinator'
import type { AcceptorEntry, MetadataRecord, NodeInfo, Roster } from '@dbcluster/protocol'

/** What a core finds on disk when its process starts. */
export const memoryOf = (store: ReadonlyMap<string, unknown>): Memory => {
  const all = <T>(prefix: string): T[] =>
    [...store].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value as T)
  const roster = store.get('roster') as Roster | undefined
  const rosterVote = store.get('rosterVote') as RosterVote | undefined
  return {
    ...(roster === undefined ? {} : { roster }),
    draining: store.get('draining') === true,
    ...(rosterVote === undefined ? {} : { rosterVote }),
    acceptors: all<AcceptorEntry>('acceptor/'),
    records: all<MetadataRecord>('record/'),
    replicas: all<LocalReplica>('replica/'),
  }
}

/** What a node tells others of itself. */
export const describeNode = (
  peerId: string,
  { config, ports }: { readonly config: CoordinatorConfig; readonly ports: number },
): NodeInfo => ({
  multiaddrs: [`/dns4/${peerId.toLowerCase()}.sim/tcp/4001`],
  maxDatabases: Math.min(config.maxDatabases, ports),
  databases: 0,
  rqliteVersion: '8.26.7',
  rqliteMajor: config.rqliteMajor,
  version: '0.1.0',
})
