import type { Ballot, Decree } from '@dbcluster/protocol'

/** The cluster id that stands for no cluster. */
const VOID_CLUSTER_ID = '0'.repeat(32)

/**
 * The value "no cluster": choosing it closes a generation whose cluster never gathered, so that its replicas and ports
 * can be given back safely. It is a value of the same Paxos as any cluster, and so never chosen beside one.
 */
export const voidDecree = (decree: Decree, ballot: Ballot): Decree => ({
  ...decree,
  ballot,
  clusterId: VOID_CLUSTER_ID,
})

/** Whether a decree stands for no cluster. */
export const isVoid = (decree: Decree): boolean => decree.clusterId === VOID_CLUSTER_ID
