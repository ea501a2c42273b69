import type { Logger } from '@dbcluster/protocol'
import { afterEach, describe, expect, test } from '@jest/globals'
import { Registry } from 'prom-client'
import { countingLogger } from '../src/metrics/counting-logger.js'
import { createNodeMetrics } from '../src/metrics/node-metrics.js'
import { serveMetrics } from '../src/metrics/serve-metrics.js'

const nothing = (): void => undefined
const SILENT: Logger = { error: nothing, warn: nothing, info: nothing, debug: nothing, child: () => SILENT }

const endings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0)) await end()
})

/** Port 0 lets the system choose; then it has to be asked which, so the tests look for one that is free. */
const served = async (registry: Registry): Promise<string> => {
  for (let port = 20_000 + Math.floor(Math.random() * 10_000); ; port += 1) {
    try {
      endings.push(await serveMetrics(registry, { host: '127.0.0.1', port }))
      return `http://127.0.0.1:${port}`
    } catch (error) {
      if ((error as { readonly code?: string }).code !== 'LISTEN_FAILED') throw error
    }
  }
}

describe('metrics of a node', () => {
  test('count what is logged, by the messages that are promised, and are served as Prometheus reads them', async () => {
    const metrics = createNodeMetrics()
    metrics.watch({
      databases: () => 7,
      connectedNodes: () => 2,
      guestsDisconnected: () => 1,
      replicas: () => new Map([['active', 3]]),
    })
    const logger = countingLogger(SILENT, metrics).child({ part: 'any' })
    const answered = { op: 'query', app: 'demo', database: 'users', code: 'ok', duration_ms: 2 }
    logger.debug('Request answered', answered)
    logger.debug('Request answered', { ...answered, code: 'TIMEOUT' })
    logger.info('Database hibernated successfully', { database: 'demo_users' })
    logger.info('Database woke up successfully', { database: 'demo_users', duration_ms: 400 })
    logger.info('A replica must be replaced', {})
    logger.info('A replica joined', { duration_ms: 1_500 })
    logger.warn('A failed node is not replaced', {})
    logger.info('Orphaned data is set aside', {})
    logger.info('constructor', {})

    const response = await fetch(`${await served(metrics.registry)}/metrics`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const lines = (await response.text()).split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([
        'dbcluster_node_requests_total{operation="query",code="ok"} 1',
        'dbcluster_node_requests_total{operation="query",code="TIMEOUT"} 1',
        'dbcluster_node_database_requests_total{database="demo_users"} 2',
        'dbcluster_node_hibernations_total 1',
        'dbcluster_node_wake_duration_seconds_bucket{le="0.3"} 0',
        'dbcluster_node_wake_duration_seconds_bucket{le="0.5"} 1',
        'dbcluster_node_replacements_begun_total 1',
        'dbcluster_node_replacement_duration_seconds_sum 1.5',
        'dbcluster_node_replacements_failed_total 1',
        'dbcluster_node_orphans_total 1',
        'dbcluster_node_databases 7',
        'dbcluster_node_connected_nodes 2',
        'dbcluster_node_guests_disconnected 1',
        'dbcluster_node_replicas{status="active"} 3',
      ]),
    )
  })

  test('have a bounded number of labels, however many databases there are', async () => {
    const metrics = createNodeMetrics()
    for (let at = 0; at < 300; at += 1)
      metrics.request({ operation: 'query', database: `demo_${at}`, code: 'ok', ms: 1 })
    const text = await metrics.registry.metrics()
    expect(text.match(/^dbcluster_node_database_requests_total\{/gm)).toHaveLength(201)
    expect(text).toContain('dbcluster_node_database_requests_total{database="other"} 100')
  })

  test('are all that is served there', async () => {
    const url = await served(new Registry())
    expect((await fetch(url)).status).toBe(404)
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(404)
    await expect(serveMetrics(new Registry(), { host: '127.0.0.1', port: Number(new URL(url).port) })).rejects.toThrow(
      expect.objectContaining({ code: 'LISTEN_FAILED' }),
    )
  })
})
