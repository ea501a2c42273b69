import type { CoordinatorEffect, LocalReplica, RosterVote } from '@dbcluster/coordinator'
import {
  type AcceptorEntry,
  compareBallots,
  type DatabaseRecord,
  type MetadataRecord,
  type NodeMessage,
  recordKey,
} from '@dbcluster/protocol'
import type { SimNode } from '../sim-node.js'

/** Nothing leaves a node, starts or is answered before what it says is on that node's disk. */
export const checkDurable = (node: SimNode, effect: CoordinatorEffect, fail: (message: string) => never): void => {
  const missing = missingFor(node, effect)
  if (missing !== undefined) fail(`${node.peerId} performed ${effect.type} before ${missing} was on its disk`)
}

const missingFor = (node: SimNode, effect: CoordinatorEffect): string | undefined => {
  switch (effect.type) {
    case 'send':
    case 'publish':
      return missingForMessage(node, effect.message)
    case 'startReplica': {
      const replica = node.store.get(`replica/${effect.name}`) as LocalReplica | undefined
      return replica?.spawned && replica.clusterId === effect.decree.clusterId ? undefined : `replica ${effect.name}`
    }
    case 'answer':
      return effect.result.ok ? missingRecord(node, effect.result.record) : undefined
    default:
      return undefined
  }
}

const missingForMessage = (node: SimNode, message: NodeMessage): string | undefined => {
  switch (message.type) {
    case 'DATABASE_CREATE_RESPONSE': {
      if (!message.promised) return undefined
      const entry = node.store.get(`acceptor/${message.name}`) as AcceptorEntry | undefined
      const kept = entry?.generation === message.generation && compareBallots(entry.promised, message.ballot) >= 0
      return kept ? undefined : `the promise on ${message.name}`
    }
    case 'DATABASE_CREATE_ACCEPTED': {
      if (!message.accepted) return undefined
      const entry = node.store.get(`acceptor/${message.name}`) as AcceptorEntry | undefined
      const { accepted } = entry?.generation === message.generation ? entry : { accepted: undefined }
      const kept = accepted !== undefined && compareBallots(accepted.ballot, message.ballot) === 0
      return kept && (accepted.established || !message.established) ? undefined : `the vote on ${message.name}`
    }
    case 'DATABASE_DELETE_RESPONSE': {
      const entry = node.store.get(`acceptor/${message.name}`) as AcceptorEntry | undefined
      return !message.done || entry?.deleted || (entry?.generation ?? 0) > 1 ? undefined : `the end of ${message.name}`
    }
    case 'NODE_ROSTER_PROMISE': {
      const vote = node.store.get('rosterVote') as RosterVote | undefined
      const kept = vote?.epoch === message.epoch && compareBallots(vote.promised, message.ballot) >= 0
      return !message.promised || kept ? undefined : `the promise on epoch ${message.epoch}`
    }
    case 'NODE_ROSTER_ACCEPTED': {
      const vote = node.store.get('rosterVote') as RosterVote | undefined
      const { accepted } = vote?.epoch === message.epoch ? vote : { accepted: undefined }
      const kept = accepted !== undefined && compareBallots(accepted.ballot, message.ballot) === 0
      return !message.accepted || kept ? undefined : `the vote on epoch ${message.epoch}`
    }
    case 'METADATA_UPDATE':
      return message.records.map((record) => missingRecord(node, record)).find((missing) => missing !== undefined)
    default:
      return undefined
  }
}

const missingRecord = (node: SimNode, record: MetadataRecord): string | undefined => {
  const stored = node.store.get(`record/${recordKey(record)}`) as MetadataRecord | undefined
  if (stored === undefined) return recordKey(record)
  if (record.kind !== 'database' || stored.kind !== 'database') return undefined
  return rank(stored) >= rank(record) ? undefined : recordKey(record)
}

const rank = ({ decree, deleted, established }: DatabaseRecord): number =>
  decree.generation * 4 + (deleted ? 2 : 0) + (established ? 1 : 0)
