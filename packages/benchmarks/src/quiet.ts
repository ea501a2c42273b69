import type { ReplicaProcessComponents } from '@dbcluster/rqlite'

/** Logs as in production: test clusters write down every request. */
export const QUIET = { sets: ['log.level=info'], gatewaySets: ['log.level=info'] } as const

const nothing = (): void => undefined

/** For replicas that are run without a node. */
export const QUIET_LOGGER: ReplicaProcessComponents['logger'] = {
  error: nothing,
  warn: nothing,
  info: nothing,
  debug: nothing,
  child: () => QUIET_LOGGER,
}
