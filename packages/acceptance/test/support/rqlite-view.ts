import type { RqlitedRef, TestCluster } from '@dbcluster/testkit'

/** One member of a database's Raft configuration, as an rqlited itself tells it. */
export interface RaftMember {
  readonly id: string
  readonly voter: boolean
  readonly leader: boolean
}

/** The replicas of a database of the cluster's app that run. */
export const replicasOf = (
  cluster: TestCluster,
  database: string,
): readonly (RqlitedRef & { readonly node: number })[] =>
  cluster.rqliteds().filter((rqlited) => rqlited.database === `${cluster.app}_${database}`)

/** Asks an rqlited past dbcluster (https://rqlite.io/docs/api/api/). */
const ask = async ({ httpPort, headers }: RqlitedRef, path: string): Promise<unknown> => {
  const response = await fetch(`http://127.0.0.1:${httpPort}${path}`, { headers, signal: AbortSignal.timeout(5_000) })
  return response.json()
}

/** The Raft configuration as this rqlited has it, sorted by id. */
export const membersOf = async (rqlited: RqlitedRef): Promise<readonly RaftMember[]> => {
  const { nodes } = (await ask(rqlited, '/nodes?nonvoters&ver=2')) as { readonly nodes: readonly RaftMember[] }
  return [...nodes].sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ id, voter, leader }) => ({ id, voter, leader }))
}

/** Rows, read from this replica's own SQLite file. @throws Error with what SQLite says */
export const localRows = async (rqlited: RqlitedRef, sql: string): Promise<readonly (readonly unknown[])[]> => {
  const { results } = (await ask(rqlited, `/db/query?level=none&q=${encodeURIComponent(sql)}`)) as {
    readonly results: readonly { readonly values?: readonly (readonly unknown[])[]; readonly error?: string }[]
  }
  if (results[0]?.error !== undefined) throw new Error(results[0].error)
  return results[0]?.values ?? []
}

/** One value, read from this replica's own SQLite file. */
export const localValue = async (rqlited: RqlitedRef, sql: string): Promise<unknown> =>
  (await localRows(rqlited, sql))[0]?.[0]

/** The index in the Raft log up to which this replica has applied everything. */
export const appliedIndex = async (rqlited: RqlitedRef): Promise<unknown> =>
  ((await ask(rqlited, '/status?key=store')) as { readonly fsm_index?: unknown }).fsm_index

/** Runs statements past dbcluster, as rqlite does by itself. */
export const pastNode = async (
  { httpPort, headers }: RqlitedRef,
  endpoint: 'query' | 'execute',
  ...statements: readonly (readonly unknown[])[]
): Promise<readonly unknown[]> => {
  const response = await fetch(`http://127.0.0.1:${httpPort}/db/${endpoint}?level=none`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(statements),
    signal: AbortSignal.timeout(5_000),
  })
  return ((await response.json()) as { readonly results: readonly unknown[] }).results
}
