import type { Operation } from '../history/operations.js'
import { answered, byKey } from './reads.js'
import { Findings, type Verdict } from './verdict.js'

/** Replicas that each database has in the end. */
const REPLICAS = 3

/** When all is quiet every replica of a database holds the same: schema and values, as the hash of a logical dump. */
export const checkReplicas = (operations: readonly Operation[], databases: readonly string[]): Verdict => {
  const findings = new Findings()
  const dumps = byKey(operations.filter(({ invocation }) => invocation.f === 'replica.dump'))
  let judged = 0
  for (const database of databases) {
    const last = new Map(
      answered(dumps.get(database) ?? [], 'replica.dump').map(({ invocation, output }) => [invocation.value, output]),
    )
    judged += last.size
    if (last.size < REPLICAS) findings.add(`${database}: ${last.size} of ${REPLICAS} replicas could be read at the end`)
    const hashes = new Set([...last.values()].map(({ hash }) => hash))
    if (hashes.size <= 1) continue
    const each = [...last].map(([node, { hash, rows }]) => `${node}: ${rows} rows, ${hash.slice(0, 12)}`)
    findings.add(`${database}: replicas differ: ${each.join('; ')}`)
  }
  return findings.verdict('replicas are equal', judged)
}
