/** Times of sleeping and waking, all in milliseconds. */
export const LIFE_TIMING = {
  /** A replica that is idle says so again this often, until everybody sleeps. */
  idleAgainMs: 5_000,
  /** Activity is looked at no more often than this, however short the hibernation timeout is. */
  checkAtLeastMs: 50,
  /** How long a coordinator waits for promises; well within `askAfterMs`, so that nobody goes on alone. */
  prepareMs: 800,
  /** Pause before replicas are asked again whose logs are not equal yet: a follower learns of a commit within this. */
  againMs: 60,
  /** Times they are asked in all. */
  rounds: 8,
  /** A replica that promised and heard nothing for so long asks the others, */
  askAfterMs: 1_500,
  /** again after so long, */
  askAgainMs: 300,
  /** and so many times, before it takes everybody to the next run. */
  asks: 3,
  /** The leader waits so long for the others to stop. */
  leaderWaitMs: 1_500,
  /** Whoever still sleeps is called again after so long. */
  callAgainMs: 500,
  /** A waking replica waits so long for what the others say of their ports. */
  reportsMs: 1_000,
  /** One that moved waits so long for the others to serve, and for its own start to succeed, before it looks again. */
  movedMs: 3_000,
  /** Pause after a start that failed; doubles with each, up to */
  failurePauseMs: 500,
  failurePauseMaxMs: 15_000,
  /** A replica that failed to start so often, */
  hopelessFailures: 6,
  /** and for so long, counts as lost where the others serve: a full disk or a missing program is mended by then. */
  hopelessMs: 180_000,
  /** Waking on request takes no longer, */
  wakeLimitMs: 20_000,
  /** nor does sleeping on request. */
  sleepLimitMs: 10_000,
} as const
