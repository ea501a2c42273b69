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

/** One value, read from this replica's own SQLite file. */
export const localValue = async (rqlited: RqlitedRef, sql: string): Promise<unknown> => {
  const { results } = (await ask(rqlited, `/db/query?level=none&q=${encodeURIComponent(sql)}`)) as {
    readonly results: readonly { readonly values?: readonly (readonly unknown[])[] }[]
  }
  return results[0]?.values?.[0]?.[0]
}
