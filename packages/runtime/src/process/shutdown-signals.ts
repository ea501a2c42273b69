/** Signals that end a program in order: from a process manager, from Ctrl-C, from a terminal that closes. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/**
 * Ctrl-C below npm arrives twice: from the terminal, which signals the whole process group, and from npm, which passes
 * it on. A second signal counts only after this time.
 */
const SAME_PRESS_MS = 1_000

/** What {@link onShutdownSignals} calls. */
export interface ShutdownHandlers {
  /** The first signal: stop in order. Called once. */
  readonly onShutdown: (signal: NodeJS.Signals) => void
  /** A later Ctrl-C of a person who doesn't want to wait: end at once. */
  readonly onImmediate: (signal: NodeJS.Signals) => void
}

/** Listens for signals that end the program; returns a function that stops listening. */
export const onShutdownSignals = ({ onShutdown, onImmediate }: ShutdownHandlers): (() => void) => {
  let firstAtMs: number | undefined
  const handle = (signal: NodeJS.Signals): void => {
    const nowMs = performance.now()
    if (firstAtMs === undefined) {
      firstAtMs = nowMs
      onShutdown(signal)
    } else if (signal === 'SIGINT' && nowMs - firstAtMs >= SAME_PRESS_MS) onImmediate(signal)
  }
  for (const signal of SIGNALS) process.on(signal, handle)
  return () => {
    for (const signal of SIGNALS) process.off(signal, handle)
  }
}
