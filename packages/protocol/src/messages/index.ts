import { type Static, Type } from '@sinclair/typebox'
import { type Checker, createChecker } from '../codec.js'
import { DbClusterError } from '../errors.js'
import * as creation from './creation.js'
import * as life from './life.js'
import * as metadata from './metadata.js'
import * as repair from './repair.js'
import * as roster from './roster.js'

/** libp2p protocol of one-way messages between nodes. */
export const NODE_PROTOCOL = '/dbcluster/node/1'
/** libp2p protocol of requests that one node passes on to another. */
export const FORWARD_PROTOCOL = '/dbcluster/forward/1'
/** Gossip topic of metadata. */
export const METADATA_TOPIC = 'dbcluster/metadata/1'

const SCHEMAS = [
  creation.CreateAskSchema,
  creation.CreateRequestSchema,
  creation.CreateResponseSchema,
  creation.CreateConfirmSchema,
  creation.CreateAcceptedSchema,
  creation.CreateAbortSchema,
  creation.CreateResultSchema,
  creation.ReplicaFailedSchema,
  creation.DeleteRequestSchema,
  creation.DeleteResponseSchema,
  life.IdleNotificationSchema,
  life.SleepPrepareSchema,
  life.SleepPromiseSchema,
  life.ShutdownCoordinatedSchema,
  life.SleepAbortSchema,
  life.SleepAskSchema,
  life.SleepToldSchema,
  life.WakeupRequestSchema,
  life.WakePortsSchema,
  roster.JoinRequestSchema,
  roster.RosterAnnounceSchema,
  roster.RosterPrepareSchema,
  roster.RosterPromiseSchema,
  roster.RosterAcceptSchema,
  roster.RosterAcceptedSchema,
  roster.AcceptorReadSchema,
  roster.AcceptorPageSchema,
  roster.AcceptorStoreSchema,
  roster.AcceptorStoredSchema,
  metadata.MetadataUpdateSchema,
  metadata.MetadataDigestSchema,
  metadata.MetadataEntriesSchema,
  metadata.MetadataWantSchema,
  repair.NodeClaimsSchema,
  repair.ReplacementNeededSchema,
  repair.ReplacementOfferSchema,
  repair.ReplacementConfirmSchema,
  repair.ReplacementReadySchema,
  repair.ReplacementJoinSchema,
  repair.ReplacementCancelSchema,
  repair.ResizeSchema,
  repair.RecoverAskSchema,
  repair.RecoverToldSchema,
  repair.RecoverDoSchema,
] as const

/** Everything one node may tell another. */
export const NodeMessageSchema = Type.Union([...SCHEMAS])
export type NodeMessage = Static<(typeof SCHEMAS)[number]>
export type NodeMessageType = NodeMessage['type']
/** The message of one type. */
export type NodeMessageOf<T extends NodeMessageType> = Extract<NodeMessage, { type: T }>

/**
 * Checks messages between nodes, each against the schema of its type alone. One for the whole union would take a
 * third of a second to compile, at the first message, and would try two dozen schemas on each.
 */
export const createNodeMessageChecker = (): Checker<NodeMessage> => {
  const checkers = new Map<string, Checker<NodeMessage>>()
  for (const schema of SCHEMAS) checkers.set(schema.properties.type.const, createChecker(schema))
  const checkerOf = (value: unknown): Checker<NodeMessage> | undefined => {
    const type = typeof value === 'object' && value !== null ? (value as { type?: unknown }).type : undefined
    return typeof type === 'string' ? checkers.get(type) : undefined
  }
  return {
    is: (value): value is NodeMessage => checkerOf(value)?.is(value) ?? false,
    check: (value) => {
      const checker = checkerOf(value)
      if (checker !== undefined) return checker.check(value)
      throw new DbClusterError('INVALID_REQUEST', 'a message was refused: it is of no known type')
    },
  }
}
