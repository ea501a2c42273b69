import type { Stage } from '../scenario.js'

/** Makes databases and waits until they are there. */
export const createAll = ({ world, clients }: Stage, names: readonly string[]): void => {
  for (const name of names) clients.ensure(name)
  if (!world.runUntil(() => clients.allDone, 8_000)) world.monitor.fail('liveness', 'plain creations took over 8 s')
}
