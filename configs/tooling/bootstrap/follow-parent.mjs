/** How often the parent is looked at. */
const INTERVAL_MS = 300

/**
 * Ends this process in order once the npm or pnpm that started it is gone: one that is killed tells its scripts
 * nothing, and they would run on unseen.
 */
export const followParent = () => {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, INTERVAL_MS)
  timer.unref()
}
