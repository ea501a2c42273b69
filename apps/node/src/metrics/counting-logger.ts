import type { LogFields, Logger } from '@dbcluster/protocol'
import type { NodeMetrics } from './node-metrics.js'

type Count = (metrics: NodeMetrics, fields: LogFields) => void

const ms = ({ duration_ms }: LogFields): number => Number(duration_ms ?? 0)
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Messages that are promised (docs/troubleshooting.md), and what each counts as. */
const COUNTS: Readonly<Record<string, Count>> = {
  'Request answered': (metrics, fields) => {
    const database = text(fields.database)
    const app = text(fields.app)
    metrics.request({
      operation: text(fields.op) === '' ? 'unreadable' : text(fields.op),
      database: database === '' || app === '' ? '' : `${app}_${database}`,
      code: text(fields.code),
      ms: ms(fields),
    })
  },
  'Database hibernated successfully': (metrics) => metrics.slept(),
  'Database woke up successfully': (metrics, fields) => metrics.woke(ms(fields)),
  'Database instance started': (metrics) => metrics.started(),
  'A replica must be replaced': (metrics) => metrics.replacementBegun(),
  'A replica joined': (metrics, fields) => metrics.replacementEnded(ms(fields)),
  'A replacement was broken off': (metrics) => metrics.replacementFailed(),
  'A failed node is not replaced': (metrics) => metrics.replacementFailed(),
  'Orphaned data is set aside': (metrics) => metrics.orphaned(),
}

/**
 * Counts what is logged, whatever the log's level: the messages of life-cycle events are fixed, so that what an
 * operator reads and what a graph shows are one and the same.
 */
export const countingLogger = (logger: Logger, metrics: NodeMetrics): Logger => {
  const through =
    (level: 'error' | 'warn' | 'info' | 'debug') =>
    (message: string, fields: LogFields = {}): void => {
      if (Object.hasOwn(COUNTS, message)) COUNTS[message]?.(metrics, fields)
      logger[level](message, fields)
    }
  return {
    error: through('error'),
    warn: through('warn'),
    info: through('info'),
    debug: through('debug'),
    child: (fields) => countingLogger(logger.child(fields), metrics),
  }
}
