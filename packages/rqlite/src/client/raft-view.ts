import { DbClusterError } from '@dbcluster/protocol'
import type { RaftServer, RaftView, RqliteNode } from './types.js'

type Json = Readonly<Record<string, unknown>>

const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const index = (value: unknown): number => {
  const number = Number(value)
  return Number.isSafeInteger(number) && number >= 0 ? number : 0
}

/**
 * Reads what `/status` says under `store` (https://rqlite.io/docs/guides/monitoring-rqlite/).
 * @throws DbClusterError `DATABASE_UNAVAILABLE` when there is no Raft state in it, as while rqlited opens its store
 */
export const raftViewOf = (store: unknown): RaftView => {
  const { raft, leader, nodes, node_id, fsm_index } = object(store)
  const state = object(raft)
  const raftId = text(node_id)
  if (raftId === undefined || text(state.state) === undefined) {
    throw new DbClusterError('DATABASE_UNAVAILABLE', "rqlited's status has no Raft state", {
      hint: 'it is starting or stopping, send it again; if this stays so, check which process answers on its port',
      details: { outcome: 'notSent' },
    })
  }
  const servers = (Array.isArray(nodes) ? nodes : []).flatMap(serverOf)
  return {
    raftId,
    isLeader: state.state === 'Leader',
    leaderId: text(object(leader).node_id),
    leaderAddress: text(object(leader).addr),
    term: index(state.term),
    lastLogIndex: index(state.last_log_index),
    lastLogTerm: index(state.last_log_term),
    commitIndex: index(state.commit_index),
    appliedIndex: index(state.applied_index),
    fsmIndex: index(fsm_index),
    snapshotIndex: index(state.last_snapshot_index),
    // hashicorp/raft's Stats always says 0 here: its GetConfiguration leaves the index out.
    configurationIndex: index(state.latest_configuration_index) || index(state.commit_index),
    servers,
    voters: servers.filter((server) => server.voter),
  }
}

const serverOf = (node: unknown): readonly RaftServer[] => {
  const { id, addr, suffrage } = object(node)
  return typeof id === 'string' && typeof addr === 'string' ? [{ id, address: addr, voter: suffrage === 'Voter' }] : []
}

/** Reads `/nodes?ver=2`, which tries to reach each member. */
export const nodesOf = (reply: unknown): readonly RqliteNode[] => {
  const { nodes } = object(reply)
  return (Array.isArray(nodes) ? nodes : []).flatMap((node) => {
    const { id, addr, voter, leader, reachable } = object(node)
    return typeof id === 'string' && typeof addr === 'string'
      ? [{ id, address: addr, voter: voter === true, leader: leader === true, reachable: reachable === true }]
      : []
  })
}
