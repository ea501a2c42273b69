import type { Voting } from './consensus/voting.js'
import type { CoreContext } from './context.js'
import type { Hosting } from './hosting/hosting.js'
import { Health } from './repair/health.js'
import { Newcomers } from './repair/newcomers.js'
import { Operating } from './repair/operating.js'
import { Orphans } from './repair/orphans.js'
import { Recovery } from './repair/recovery.js'
import { Repairs } from './repair/repair.js'
import { RepairAttempts } from './repair/repair-attempts.js'
import type { RepairEvent } from './repair/repair-events.js'
import { RepairSleepers } from './repair/repair-sleepers.js'
import type { Membership } from './roster/membership.js'
import type { Sync } from './sync.js'

/** What upkeep needs of the other parts. */
export interface UpkeepComponents {
  readonly voting: Voting
  readonly sync: Sync
  /** These two come after it, and it works with them only once all are there. */
  readonly hosting: () => Hosting
  readonly membership: () => Membership
  readonly wake: (name: string) => void
  /** Whether a replica here has promised to stop, or does. */
  readonly fallsAsleep: (name: string) => boolean
  readonly onStranded: (name: string) => void
}

/** Everything that keeps databases at their replicas: who is dead, repairs, newcomers, operators, orphans. */
export class Upkeep {
  readonly health: Health
  readonly newcomers: Newcomers
  readonly repairs: Repairs
  readonly operating: Operating
  readonly recovery: Recovery
  readonly orphans: Orphans
  readonly #sleepers: RepairSleepers
  /** The parts that something may become due in. */
  readonly timed: readonly { tick(): void; nextDeadlineMs(): number }[]

  constructor(
    context: CoreContext,
    { voting, sync, hosting, membership, wake, fallsAsleep, onStranded }: UpkeepComponents,
  ) {
    this.health = new Health(context)
    this.newcomers = new Newcomers(context, {
      declines: (name) => voting.declinesToHost(name),
      takeIn: (record, assignment, leaseKey) => hosting().takeIn(record, assignment, leaseKey),
      join: (name, raftId, addresses) => hosting().join(name, raftId, addresses),
      discard: (name, raftId, reason) => hosting().discard(name, raftId, reason),
      holdsMember: (name) => hosting().replicas.holdsMember(name),
      hosted: () => hosting().replicas.size,
    })
    this.repairs = new Repairs(context, {
      health: this.health,
      attempts: new RepairAttempts(context),
      awake: () => hosting().replicas.running(),
      fallsAsleep,
      factorAsked: (name) => this.operating.wishFor(name),
      recoveryOf: (name) => hosting().replicas.replica(name)?.recovery ?? 0,
      onStranded,
    })
    this.operating = new Operating(context, {
      setDraining: (on) => {
        voting.draining = on
      },
      hosted: () => hosting().replicas.size,
      forget: (peerId) => membership().forget(peerId),
      hurry: (name) => this.repairs.hurryOne(name),
    })
    this.recovery = new Recovery(context, {
      recover: (name, clusterId, recovery) => hosting().recover(name, clusterId, recovery),
      unusable: (name, clusterId) => hosting().unusable(name, clusterId),
    })
    this.orphans = new Orphans(context, {
      synced: () => sync.synced,
      isHosted: (name) => hosting().replicas.has(name),
    })
    this.health.onChanged = () => this.repairs.hurry()
    this.#sleepers = new RepairSleepers(context, {
      health: this.health,
      asleep: () => hosting().replicas.asleep(),
      underWay: () => this.repairs.underWay,
      wake,
    })
    this.timed = [this.health, this.newcomers, this.repairs, this.#sleepers, this.operating, this.recovery]
  }

  /** Why a database should not fall asleep now. */
  staysAwakeFor(name: string): string | undefined {
    return this.repairs.isUnderWay(name) || this.#sleepers.keepsAwake(name) ? 'it is being repaired' : undefined
  }

  apply(event: RepairEvent): void {
    switch (event.type) {
      case 'peerChecked':
        return this.health.onChecked(event.peerId, event.healthy)
      case 'raftSeen':
        return this.repairs.onRaftSeen(event.name, event.clusterId, event)
      case 'replicaDialled':
        return this.repairs.onDialled(event.name, event.repairId, event.reached)
      case 'voterRemoved':
        return this.repairs.onVoterRemoved(event.name, event.clusterId, event.raftId, event.error)
      case 'replicaSurveyed':
        return this.recovery.onSurveyed(event.surveyId, event.survey)
      case 'replicasFound':
        return this.orphans.onFound(event.replicas)
      case 'operatorAsked':
        if (event.request.kind === 'recover') return this.recovery.ask(event.askId, event.request)
        return this.operating.ask(event.askId, event.request)
    }
  }
}
