/** Logs as in production: test clusters write down every request. */
export const QUIET = { sets: ['log.level=info'], gatewaySets: ['log.level=info'] } as const
