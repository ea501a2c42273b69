import { DbClusterError } from '@dbcluster/protocol'

/** Something was asked of a replica that doesn't run here. */
export const notHere = (name: string): DbClusterError =>
  new DbClusterError('NOT_REPLICA', `this node runs no replica of ${name}`, { hint: 'ask the node of its leader' })

/** A replica would soon write what there is no room for. */
export const noRoom = (dataDir: string): DbClusterError =>
  new DbClusterError('RQLITED_REFUSED', `there is too little room in ${dataDir}`, {
    hint: 'make room: the replicas then start by themselves',
  })
