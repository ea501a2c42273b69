import type { Logger } from '@dbcluster/protocol'

/** Hosts remembered as already reported; beyond it the oldest is forgotten and may be reported again. */
const HOSTS_MAX = 256

/** Says once per host that its network key seems to differ: a mistyped key makes it try for ever. */
export const createMismatchLog = (logger: Logger): ((address: string) => void) => {
  const reported = new Set<string>()
  return (address) => {
    // Without the port, which differs for each incoming connection.
    const host = address.split('/').slice(0, 3).join('/')
    if (reported.has(host)) return
    const oldest = reported.values().next()
    if (reported.size >= HOSTS_MAX && oldest.done !== true) reported.delete(oldest.value)
    reported.add(host)
    logger.warn('Network key mismatch suspected', {
      address,
      hint: 'compare the swarm-key files of both machines; every member needs the same one',
    })
  }
}
