import { type Static, Type } from '@sinclair/typebox'
import * as creation from './creation.js'
import * as metadata from './metadata.js'
import * as roster from './roster.js'

/** libp2p protocol of one-way messages between nodes. */
export const NODE_PROTOCOL = '/dbcluster/node/1'
/** libp2p protocol of requests that one node passes on to another. */
export const FORWARD_PROTOCOL = '/dbcluster/forward/1'
/** Gossip topic of metadata. */
export const METADATA_TOPIC = 'dbcluster/metadata/1'

/** Everything one node may tell another. */
export const NodeMessageSchema = Type.Union([
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
])
export type NodeMessage = Static<typeof NodeMessageSchema>
export type NodeMessageType = NodeMessage['type']
/** The message of one type. */
export type NodeMessageOf<T extends NodeMessageType> = Extract<NodeMessage, { type: T }>
