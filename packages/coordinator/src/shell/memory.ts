import type { AcceptorEntry, MetadataRecord, Roster } from '@dbcluster/protocol'
import type { LocalReplica, Memory, RosterVote } from '../core/events.js'
import type { CoordinatorStore } from './components.js'

const valuesOf = async <T>(store: CoordinatorStore, prefix: string): Promise<T[]> =>
  (await store.entries(prefix)).map(([, value]) => value as T)

/** Everything the store holds of a coordinator; the store itself checks that values are as they were written. */
export const readMemory = async (store: CoordinatorStore): Promise<Memory> => {
  const [roster] = (await store.entries('roster'))
    .filter(([key]) => key === 'roster')
    .map(([, value]) => value as Roster)
  const [rosterVote] = await valuesOf<RosterVote>(store, 'rosterVote')
  const [draining] = await valuesOf<boolean>(store, 'draining')
  return {
    ...(draining === undefined ? {} : { draining }),
    ...(roster === undefined ? {} : { roster }),
    ...(rosterVote === undefined ? {} : { rosterVote }),
    acceptors: await valuesOf<AcceptorEntry>(store, 'acceptor/'),
    records: await valuesOf<MetadataRecord>(store, 'record/'),
    replicas: await valuesOf<LocalReplica>(store, 'replica/'),
  }
}
