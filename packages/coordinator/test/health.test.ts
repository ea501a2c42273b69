import { describe, expect, test } from '@jest/globals'
import { isA, LocalCluster } from './support/local-cluster.js'

const PEERS = ['NodeA', 'NodeB', 'NodeC', 'NodeD']
const CHECK_MS = 1_000

const start = (): LocalCluster =>
  LocalCluster.of(PEERS, { healthCheckIntervalMs: CHECK_MS, replacementGraceMs: 20_000 })

const misses = (cluster: LocalCluster, observer: string, missed: string): void => {
  cluster.node(observer).dispatch({ type: 'peerChecked', peerId: missed, healthy: false })
  cluster.run()
}

const seesDead = (cluster: LocalCluster, observer: string, peerId: string): boolean =>
  cluster.node(observer).core.isDead(peerId)

describe('a member that is missed', () => {
  test('by one observer, or by half of the roster, is not dead', () => {
    const cluster = start()
    misses(cluster, 'NodeA', 'NodeD')
    expect(seesDead(cluster, 'NodeA', 'NodeD')).toBe(false)
    misses(cluster, 'NodeB', 'NodeD')
    expect(seesDead(cluster, 'NodeA', 'NodeD')).toBe(false)
  })

  test('by a majority is dead for those who miss it themselves', () => {
    const cluster = start()
    for (const observer of ['NodeA', 'NodeB', 'NodeC']) misses(cluster, observer, 'NodeD')
    expect(seesDead(cluster, 'NodeA', 'NodeD')).toBe(true)
    const other = start()
    for (const observer of ['NodeB', 'NodeC', 'NodeD']) misses(other, observer, 'NodeA')
    expect(seesDead(other, 'NodeA', 'NodeD')).toBe(false)
  })

  test('and answers again is well again at once, everywhere', () => {
    const cluster = start()
    for (const observer of ['NodeA', 'NodeB', 'NodeC']) misses(cluster, observer, 'NodeD')
    cluster.node('NodeB').dispatch({ type: 'peerChecked', peerId: 'NodeD', healthy: true })
    cluster.run()
    expect(seesDead(cluster, 'NodeA', 'NodeD')).toBe(false)
  })

  test('by its closed connection alone is claimed after two checks’ time', () => {
    const cluster = start()
    cluster.drop('NodeD')
    cluster.pass(CHECK_MS)
    expect(seesDead(cluster, 'NodeA', 'NodeD')).toBe(false)
    cluster.pass(2 * CHECK_MS)
    expect(seesDead(cluster, 'NodeA', 'NodeD')).toBe(true)
  })

  test('is not dead any more by the word of somebody who has fallen silent', () => {
    const cluster = start()
    for (const observer of ['NodeA', 'NodeB', 'NodeC']) misses(cluster, observer, 'NodeD')
    cluster.hold = isA('NODE_CLAIMS')
    cluster.pass(4 * CHECK_MS)
    expect(seesDead(cluster, 'NodeA', 'NodeD')).toBe(false)
  })

  test('after a stop that it announced is dead only when its grace is over', () => {
    const cluster = start()
    cluster.node('NodeD').dispatch({ type: 'stopRequested' })
    cluster.run()
    cluster.drop('NodeD')
    cluster.pass(10_000)
    expect(seesDead(cluster, 'NodeA', 'NodeD')).toBe(false)
    cluster.pass(20_000)
    expect(seesDead(cluster, 'NodeA', 'NodeD')).toBe(true)
  })
})
