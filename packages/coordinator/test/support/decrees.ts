import type { Accepted, Ballot, Decree } from '@dbcluster/protocol'

export const ballotOf = (round: number, proposer = 'NodeA'): Ballot => ({ round, proposer })

/** A cluster id that shows which number it has. */
export const clusterIdOf = (number: number): string => number.toString(16).padStart(32, '0')

export const decreeOf = (cluster: number, ballot: Ballot = ballotOf(1)): Decree => ({
  generation: 1,
  ballot,
  clusterId: clusterIdOf(cluster),
  replicationFactor: 1,
  foreignKeys: true,
  rqliteMajor: 8,
  replicas: [{ peerId: 'NodeA', raftId: 'NodeA.1', host: 'h', httpPort: 5001, raftPort: 7001 }],
})

export const voteOf = (round: number, cluster: number, established: boolean, proposer = 'NodeA'): Accepted => ({
  ballot: ballotOf(round, proposer),
  decree: decreeOf(cluster),
  established,
})
