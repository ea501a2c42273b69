import type { StopRecord } from '@dbcluster/protocol'
import type { PortOffer, ReplicaStart } from '../events.js'

/** Where a replica here is between awake and asleep. */
export type LifePhase = 'awake' | 'promised' | 'stopping' | 'asleep' | 'waking'

/** What moves it on. */
export type LifeInput =
  /** A coordinator asked, and the gate is closing. */
  | 'prepared'
  /** That came to nothing: queries are under way, or the coordinator gave up. */
  | 'promiseVoid'
  /** All have promised, or another replica is asleep in this run: proof of it. */
  | 'commitSeen'
  /** The process is gone. */
  | 'processStopped'
  /** A later run is wanted: a query waits, or another replica is awake in it. */
  | 'runWanted'
  | 'replicaReady'

/** Total: what is not listed as a change stays. A run that is wanted while stopping begins after the stop. */
export const LIFE_TABLE: Readonly<Record<LifePhase, Readonly<Record<LifeInput, LifePhase>>>> = {
  awake: {
    prepared: 'promised',
    promiseVoid: 'awake',
    commitSeen: 'awake',
    processStopped: 'awake',
    runWanted: 'awake',
    replicaReady: 'awake',
  },
  promised: {
    prepared: 'promised',
    promiseVoid: 'awake',
    commitSeen: 'stopping',
    processStopped: 'promised',
    runWanted: 'awake',
    replicaReady: 'promised',
  },
  stopping: {
    prepared: 'stopping',
    promiseVoid: 'stopping',
    commitSeen: 'stopping',
    processStopped: 'asleep',
    runWanted: 'stopping',
    replicaReady: 'stopping',
  },
  asleep: {
    prepared: 'asleep',
    promiseVoid: 'asleep',
    commitSeen: 'asleep',
    processStopped: 'asleep',
    runWanted: 'waking',
    replicaReady: 'asleep',
  },
  waking: {
    prepared: 'waking',
    promiseVoid: 'waking',
    commitSeen: 'waking',
    processStopped: 'waking',
    runWanted: 'waking',
    replicaReady: 'awake',
  },
}

interface LifeBase {
  readonly name: string
  readonly clusterId: string
  /** The awake period that it is in, or was in last. */
  readonly run: number
}

/** Its rqlited runs, or is meant to. */
export interface AwakeLife extends LifeBase {
  readonly phase: 'awake'
  readonly ready: boolean
  /** When its idleness is looked at next. */
  readonly checkAtMs: number
  /** It was said to be idle. */
  readonly idle: boolean
  /** Where it runs, while Raft's configuration has it elsewhere. */
  readonly moved?: PortOffer
  /** It went on after a promise, and others may have stopped: queries wait until a majority runs for certain. */
  readonly closed?: boolean
  /** When those that still sleep are called again. */
  readonly callAtMs: number
}

/** Its gate is closed, or closing, for the sake of one attempt. */
export interface PromisedLife extends LifeBase {
  readonly phase: 'promised'
  readonly ready: boolean
  readonly attempt: number
  /** Whose attempt it is; our own peer id when others are known to be asleep already. */
  readonly coordinator: string
  readonly follows: boolean
  readonly demand: boolean
  readonly held: boolean
  readonly moved?: PortOffer
  /** When the others are asked what became of the attempt. */
  readonly askAtMs: number
  readonly asks: number
}

/** COMMIT was seen: its rqlited stops. */
export interface StoppingLife extends LifeBase {
  readonly phase: 'stopping'
  /** The leader stops when all others have, or then. */
  readonly stopAtMs: number
  readonly told: boolean
  /** The run in which it is to wake again. */
  readonly wantedRun: number
  /** Since when, for the wake that follows. */
  readonly wantedAtMs: number
}

export interface AsleepLife extends LifeBase {
  readonly phase: 'asleep'
}

/** What one replica says of where it comes up. */
export interface WakeReport {
  readonly kept: boolean
  readonly address: PortOffer & { readonly raftId: string }
  readonly stopRecord?: StopRecord
  readonly recovery?: StopRecord['voters']
}

/** It comes up, from its ports to a read through Raft. */
export interface WakingLife extends LifeBase {
  readonly phase: 'waking'
  readonly sinceMs: number
  /** Ports are sought; then others are heard; then its rqlited starts. */
  readonly stage: 'pausing' | 'leasing' | 'gathering' | 'starting'
  readonly own?: WakeReport
  readonly reports: ReadonlyMap<string, WakeReport>
  readonly start?: ReplicaStart
  /** When the present stage has lasted too long. */
  readonly stageUntilMs: number
  /** When the others are told again. */
  readonly tellAtMs: number
  /** Whether queries already pass, to other replicas. */
  readonly passing: boolean
  /** Where it came up last nobody could be reached, while the others served: it joins them, from wherever it is. */
  readonly joins?: boolean
  /** It sought the ports that another one's recovery gives it. */
  readonly sought?: boolean
  readonly failures: number
}

export type Life = AwakeLife | PromisedLife | StoppingLife | AsleepLife | WakingLife
