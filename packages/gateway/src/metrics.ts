import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What an answered request counts as. Bounded: route templates, methods and statuses, never names or callers. */
export interface RequestLabels {
  readonly route: string
  readonly method: string
  readonly status: number
}

/** What a gateway counts. */
export interface GatewayMetrics {
  readonly registry: Registry
  /** Counts one request in; the returned function counts it out. */
  begin(): (labels: RequestLabels) => void
}

const METHODS: readonly string[] = ['GET', 'POST', 'DELETE', 'HEAD', 'OPTIONS']
/** From the added latency that is promised to the time a transaction may take. */
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** A registry that holds the figures of the process itself: memory, CPU, event loop. One per process. */
export const createProcessRegistry = (): Registry => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
}

/** @param registry where they are kept, @default a new one */
export const createMetrics = (registry: Registry = new Registry()): GatewayMetrics => {
  const requests = new Counter({
    name: 'dbcluster_gateway_requests_total',
    help: 'HTTP requests answered, by route template, method and status',
    labelNames: ['route', 'method', 'status'],
    registers: [registry],
  })
  const duration = new Histogram({
    name: 'dbcluster_gateway_request_duration_seconds',
    help: 'Time from the request to its answer',
    labelNames: ['route', 'method'],
    buckets: BUCKETS_SECONDS,
    registers: [registry],
  })
  const inFlight = new Gauge({
    name: 'dbcluster_gateway_requests_in_flight',
    help: 'HTTP requests that have no answer yet',
    registers: [registry],
  })
  return {
    registry,
    begin: () => {
      const startedAt = performance.now()
      inFlight.inc()
      return ({ route, method: given, status }) => {
        const method = METHODS.includes(given) ? given : 'other'
        inFlight.dec()
        duration.observe({ route, method }, (performance.now() - startedAt) / 1_000)
        requests.inc({ route, method, status: String(status) })
      }
    },
  }
}
