import type { NodeMessage, NodeMessageOf, NodeMessageType, Roster } from '@dbcluster/protocol'
import type { Asks } from './asks.js'
import { leaseKeyOf } from './consensus/leases.js'
import type { Voting } from './consensus/voting.js'
import type { CoreContext } from './context.js'
import type { Creations } from './creation/creation.js'
import type { Deletions } from './creation/deletion.js'
import type { LifeCycle } from './life/life-cycle.js'
import type { Membership } from './roster/membership.js'
import type { Sync } from './sync.js'
import type { Upkeep } from './upkeep.js'

/** The parts of a core that messages are for. */
export interface Parts {
  readonly context: CoreContext
  readonly voting: Voting
  readonly creations: Creations
  readonly deletions: Deletions
  readonly asks: Asks
  readonly membership: Membership
  readonly sync: Sync
  readonly upkeep: Upkeep
  readonly life: LifeCycle
}

type Handlers = { readonly [T in NodeMessageType]: (from: string, message: NodeMessageOf<T>) => void }

/** Who acts on which message: total, so that a new message without a receiver does not compile. */
export const createReceiver = (parts: Parts): ((from: string, message: NodeMessage) => void) => {
  const { context, voting, creations, deletions, asks, membership, sync, upkeep, life } = parts
  const { health, repairs, newcomers, operating, recovery } = upkeep
  /** An answer came with the roster of its sender: one of us may be behind. */
  const learnRoster = (from: string, roster: Roster | undefined): void => {
    if (roster !== undefined) membership.onRoster(from, { type: 'NODE_ROSTER', roster })
  }
  const handlers: Handlers = {
    DATABASE_CREATE_ASK: (peerId, { askId, name, attempt }) => creations.ask({ peerId, askId }, name, attempt),
    DATABASE_CREATE_REQUEST: (from, message) => voting.onCreateRequest(from, message),
    DATABASE_CREATE_RESPONSE: (from, message) => {
      learnRoster(from, message.roster)
      creations.onResponse(from, message)
    },
    DATABASE_CREATE_CONFIRM: (from, message) => voting.onConfirm(from, message),
    DATABASE_CREATE_ACCEPTED: (from, message) => {
      learnRoster(from, message.roster)
      creations.onAccepted(from, message)
    },
    DATABASE_CREATE_ABORT: (_from, message) => voting.leases.release(leaseKeyOf(message)),
    DATABASE_CREATE_RESULT: (_from, message) => asks.onResult(message),
    DATABASE_REPLICA_FAILED: (from, message) => creations.onReplicaFailed(from, message),
    DATABASE_DELETE_REQUEST: (from, message) => voting.onDelete(from, message),
    DATABASE_DELETE_RESPONSE: (from, message) => {
      learnRoster(from, message.roster)
      deletions.onResponse(from, message)
    },
    DATABASE_IDLE_NOTIFICATION: (from, message) => life.courses.onIdle(from, message),
    DATABASE_SLEEP_PREPARE: (from, message) => life.hibernation.onPrepare(from, message),
    DATABASE_SLEEP_PROMISE: (from, message) => life.courses.onPromise(from, message),
    DATABASE_SHUTDOWN_COORDINATED: (from, message) => life.hibernation.onCommit(from, message),
    DATABASE_SLEEP_ABORT: (from, message) => life.hibernation.onAbort(from, message),
    DATABASE_SLEEP_ASK: (from, message) => life.hibernation.onAsk(from, message),
    DATABASE_SLEEP_TOLD: (from, message) => life.hibernation.onTold(from, message),
    DATABASE_WAKEUP_REQUEST: (from, message) => life.waking.onRequest(from, message),
    DATABASE_WAKE_PORTS: (from, message) => life.waking.onPorts(from, message),
    NODE_JOIN_REQUEST: (from, message) => membership.onJoinRequest(from, message),
    NODE_ROSTER: (from, message) => membership.onRoster(from, message),
    NODE_ROSTER_PREPARE: (from, message) => membership.onPrepare(from, message),
    NODE_ROSTER_PROMISE: (from, message) => membership.onPromise(from, message),
    NODE_ROSTER_ACCEPT: (from, message) => membership.onAccept(from, message),
    NODE_ROSTER_ACCEPTED: (from, message) => membership.onAccepted(from, message),
    NODE_ACCEPTOR_READ: (from, message) => membership.onRead(from, message),
    NODE_ACCEPTOR_PAGE: (from, message) => membership.onPage(from, message),
    NODE_ACCEPTOR_STORE: (from, message) => membership.onStore(from, message),
    NODE_ACCEPTOR_STORED: (from, message) => membership.onStored(from, message),
    METADATA_UPDATE: (_from, message) => context.merge(message.records),
    METADATA_DIGEST: (from, message) => sync.onDigest(from, message),
    METADATA_ENTRIES: (from, message) => sync.onEntries(from, message),
    METADATA_WANT: (from, message) => sync.onWant(from, message),
    NODE_CLAIMS: (from, message) => health.onClaims(from, message),
    NODE_REPLACEMENT_NEEDED: (from, message) => newcomers.onNeeded(from, message),
    NODE_REPLACEMENT_OFFER: (from, message) => repairs.onOffer(from, message),
    NODE_REPLACEMENT_CONFIRM: (from, message) => newcomers.onConfirm(from, message),
    NODE_REPLACEMENT_READY: (from, message) => repairs.onReady(from, message),
    NODE_REPLACEMENT_JOIN: (from, message) => newcomers.onJoin(from, message),
    NODE_REPLACEMENT_CANCEL: (from, message) => newcomers.onCancel(from, message),
    DATABASE_RESIZE: (from, message) => operating.onResize(from, message),
    DATABASE_RECOVER_ASK: (from, message) => recovery.onAsk(from, message),
    DATABASE_RECOVER_TOLD: (from, message) => recovery.onTold(from, message),
    DATABASE_RECOVER_DO: (from, message) => recovery.onDo(from, message),
  }
  return (from, message) => {
    const handle = handlers[message.type] as (from: string, message: NodeMessage) => void
    handle(from, message)
  }
}
