import { DbClusterError, LIMITS } from '@dbcluster/protocol'

/** Settings of a gateway. */
export interface GatewayInit {
  /** Largest request body, in bytes. @default 8388608 */
  readonly bodyMaxBytes?: number
  /** Time an operation may take, waking included. @default 30000 */
  readonly queryTimeoutMs?: number
  /** Time a transaction or batch may take. @default 60000 */
  readonly transactionTimeoutMs?: number
  /** Requests of one credential that are under way at once; what is beyond is a 429. @default 200 */
  readonly keyConcurrency?: number
  /** Bytes of bodies and unread answers, all together; one credential may hold a quarter. @default 536870912 */
  readonly bufferedMaxBytes?: number
  /** Origins whose pages may call this gateway from a browser; `*` for all. @default none */
  readonly corsOrigins?: readonly string[]
  /** Version shown in `/openapi.json`. @default '0.0.0' */
  readonly version?: string
}

/** Settings after defaults and checks. */
export type GatewayConfig = Required<GatewayInit>

/** @throws DbClusterError `CONFIG_INVALID` */
export const resolveConfig = (init: GatewayInit): GatewayConfig => ({
  bodyMaxBytes: positive('bodyMaxBytes', init.bodyMaxBytes ?? LIMITS.requestBytes, LIMITS.frameBytes),
  queryTimeoutMs: positive('queryTimeoutMs', init.queryTimeoutMs ?? LIMITS.queryTimeoutMs, 600_000),
  transactionTimeoutMs: positive(
    'transactionTimeoutMs',
    init.transactionTimeoutMs ?? LIMITS.transactionTimeoutMs,
    600_000,
  ),
  keyConcurrency: positive('keyConcurrency', init.keyConcurrency ?? 200, 100_000),
  bufferedMaxBytes: positive('bufferedMaxBytes', init.bufferedMaxBytes ?? 512 * 1024 * 1024, 2 ** 40),
  corsOrigins: init.corsOrigins ?? [],
  version: init.version ?? '0.0.0',
})

const positive = (name: string, value: number, max: number): number => {
  if (Number.isInteger(value) && value >= 1 && value <= max) return value
  throw new DbClusterError('CONFIG_INVALID', `${name} is ${value}`, { hint: `use a whole number from 1 to ${max}` })
}
