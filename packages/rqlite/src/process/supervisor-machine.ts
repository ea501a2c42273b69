/** Where one replica's rqlited is in its life. */
export type ReplicaPhase =
  /** No process, none wanted. */
  | 'stopped'
  /** Looking for a process to adopt, else starting one. */
  | 'launching'
  /** As `launching`, but it is to stop as soon as it is known. */
  | 'cancelling'
  /** Process is up, not yet ready. */
  | 'starting'
  | 'ready'
  /** SIGTERM was sent. */
  | 'stopping'
  /** SIGKILL was sent. */
  | 'killing'
  /** Ended by itself; waits before the next try. */
  | 'backoff'
  /** Ended too often too quickly, or may not start; stays so until started again. */
  | 'failed'
  /** Given up without touching the process. */
  | 'detached'

/** What happens to a supervisor. Answers carry the incarnation of the launch that they belong to. */
export type SupervisorEvent =
  | { readonly type: 'startRequested' | 'stopRequested' | 'detachRequested' | 'timerElapsed' }
  | {
      readonly type: 'launched' | 'launchFailed' | 'launchRefused' | 'becameReady' | 'exited'
      readonly incarnation: number
    }

/** What the shell is to do. Timers replace each other: there is one. */
export type SupervisorEffect =
  | { readonly type: 'launch'; readonly incarnation: number }
  | { readonly type: 'probe' | 'terminate' | 'kill' | 'armGrace' | 'cancelTimer' | 'release' }
  | { readonly type: 'armBackoff'; readonly delayMs: number }

export interface SupervisorState {
  readonly phase: ReplicaPhase
  /** Whether a process is to run once the present one is gone. */
  readonly wanted: boolean
  /** Number of the current launch; answers to earlier ones are ignored. */
  readonly incarnation: number
  /** Ends since it last ran for `stableMs`. */
  readonly quickFailures: number
  /** When the current process became ready. */
  readonly readyAtMs: number | undefined
}

export interface RestartPolicy {
  /** Wait after the first failure; doubled with each further one. @default 100 */
  readonly baseMs: number
  /** @default 10_000 */
  readonly maxMs: number
  /** Quick failures after which it gives up. @default 5 */
  readonly maxQuickFailures: number
  /** A process that was ready for so long failed not quickly. @default 10_000 */
  readonly stableMs: number
}

export const DEFAULT_RESTART_POLICY: RestartPolicy = {
  baseMs: 100,
  maxMs: 10_000,
  maxQuickFailures: 5,
  stableMs: 10_000,
}

export const INITIAL_SUPERVISOR_STATE: SupervisorState = {
  phase: 'stopped',
  wanted: false,
  incarnation: 0,
  quickFailures: 0,
  readyAtMs: undefined,
}

/** `ended`: the process is gone unasked; `done`: it is gone because we stopped it. */
type Next = ReplicaPhase | 'ended' | 'done'
type PlainEffect = Exclude<SupervisorEffect['type'], 'armBackoff' | 'launch'>
type EffectName = PlainEffect | 'launch'
type Cell = readonly [next: Next, ...effects: EffectName[]]
type EventType = SupervisorEvent['type']

type AnswerType = Exclude<EventType, 'startRequested' | 'stopRequested' | 'detachRequested'>

/** Answers that change nothing in a phase, unless its row says otherwise. */
const quietIn = (phase: ReplicaPhase): Record<AnswerType, Cell> => ({
  launched: [phase],
  launchFailed: [phase],
  launchRefused: [phase],
  becameReady: [phase],
  exited: [phase],
  timerElapsed: [phase],
})

/** Every phase x event; a missing cell doesn't compile. Only `launch` makes a process, only where none can be. */
const TABLE: Readonly<Record<ReplicaPhase, Readonly<Record<EventType, Cell>>>> = {
  stopped: {
    ...quietIn('stopped'),
    startRequested: ['launching', 'launch'],
    stopRequested: ['stopped'],
    detachRequested: ['detached'],
  },
  launching: {
    ...quietIn('launching'),
    startRequested: ['launching'],
    stopRequested: ['cancelling'],
    detachRequested: ['detached', 'release'],
    launched: ['starting', 'probe'],
    launchFailed: ['ended'],
    launchRefused: ['failed'],
    exited: ['ended'],
  },
  cancelling: {
    ...quietIn('cancelling'),
    startRequested: ['launching'],
    stopRequested: ['cancelling'],
    detachRequested: ['detached', 'release'],
    launched: ['stopping', 'terminate', 'armGrace'],
    launchFailed: ['done'],
    launchRefused: ['done'],
    exited: ['done'],
  },
  starting: {
    ...quietIn('starting'),
    startRequested: ['starting'],
    stopRequested: ['stopping', 'terminate', 'armGrace'],
    detachRequested: ['detached', 'release'],
    becameReady: ['ready'],
    exited: ['ended'],
  },
  ready: {
    ...quietIn('ready'),
    startRequested: ['ready'],
    stopRequested: ['stopping', 'terminate', 'armGrace'],
    detachRequested: ['detached', 'release'],
    exited: ['ended'],
  },
  stopping: {
    ...quietIn('stopping'),
    startRequested: ['stopping'],
    stopRequested: ['stopping'],
    detachRequested: ['detached', 'cancelTimer', 'release'],
    exited: ['done', 'cancelTimer'],
    timerElapsed: ['killing', 'kill', 'armGrace'],
  },
  killing: {
    ...quietIn('killing'),
    startRequested: ['killing'],
    stopRequested: ['killing'],
    detachRequested: ['detached', 'cancelTimer', 'release'],
    exited: ['done', 'cancelTimer'],
    timerElapsed: ['killing', 'kill', 'armGrace'],
  },
  backoff: {
    ...quietIn('backoff'),
    startRequested: ['backoff'],
    stopRequested: ['stopped', 'cancelTimer'],
    detachRequested: ['detached', 'cancelTimer'],
    timerElapsed: ['launching', 'launch'],
  },
  failed: {
    ...quietIn('failed'),
    startRequested: ['launching', 'launch'],
    stopRequested: ['stopped'],
    detachRequested: ['detached'],
  },
  detached: {
    ...quietIn('detached'),
    startRequested: ['detached'],
    stopRequested: ['detached'],
    detachRequested: ['detached'],
  },
}

export interface SupervisorStep {
  readonly state: SupervisorState
  readonly effects: readonly SupervisorEffect[]
}

/** One step of the supervisor: pure, time is an input. */
export const stepSupervisor = (
  state: SupervisorState,
  event: SupervisorEvent,
  policy: RestartPolicy,
  nowMs: number,
): SupervisorStep => {
  if ('incarnation' in event && event.incarnation !== state.incarnation) return { state, effects: [] }
  const wanted = event.type === 'startRequested' || (state.wanted && event.type !== 'stopRequested')
  const [next, ...names] = TABLE[state.phase][event.type]
  const settled = { ...state, wanted, quickFailures: failuresBefore(state, event) }
  const effects = names.filter((name) => name !== 'launch').map((type): SupervisorEffect => ({ type }))
  if (names.includes('launch')) return launch(settled, effects)
  switch (next) {
    case 'ended':
      return afterEnd(settled, policy, nowMs, effects)
    case 'done':
      return wanted ? launch(settled, effects) : to(settled, 'stopped', effects)
    case 'ready':
      return { state: { ...settled, phase: 'ready', readyAtMs: state.readyAtMs ?? nowMs }, effects }
    default:
      return to(settled, next, effects)
  }
}

/** A start that was asked for begins a new count. */
const failuresBefore = (state: SupervisorState, event: SupervisorEvent): number =>
  event.type === 'startRequested' && (state.phase === 'failed' || state.phase === 'stopped') ? 0 : state.quickFailures

const to = (state: SupervisorState, phase: ReplicaPhase, effects: readonly SupervisorEffect[]): SupervisorStep => ({
  state: { ...state, phase, readyAtMs: undefined, wanted: state.wanted && phase !== 'failed' && phase !== 'detached' },
  effects,
})

const launch = (state: SupervisorState, effects: readonly SupervisorEffect[]): SupervisorStep => {
  const incarnation = state.incarnation + 1
  return {
    state: { ...state, phase: 'launching', incarnation, readyAtMs: undefined },
    effects: [...effects, { type: 'launch', incarnation }],
  }
}

const afterEnd = (
  state: SupervisorState,
  policy: RestartPolicy,
  nowMs: number,
  effects: readonly SupervisorEffect[],
): SupervisorStep => {
  const stable = state.readyAtMs !== undefined && nowMs - state.readyAtMs >= policy.stableMs
  const quickFailures = stable ? 1 : state.quickFailures + 1
  const counted = { ...state, quickFailures }
  if (quickFailures >= policy.maxQuickFailures) return to(counted, 'failed', effects)
  const delayMs = Math.min(policy.maxMs, policy.baseMs * 2 ** (quickFailures - 1))
  return to(counted, 'backoff', [...effects, { type: 'armBackoff', delayMs }])
}
