import { isLoopback, isPlaceholderPeer, parseMultiaddr } from './addresses.js'
import type { KeyPath } from './key-path.js'
import type { Reporter } from './load-file.js'
import type { NodeFile } from './schema/node-schema.js'

/** Checks between the keys of a node's configuration. */
export const checkNodeFile = (file: NodeFile, reporter: Reporter): void => {
  checkPorts(file, reporter)
  checkReplication(file, reporter)
  checkPeers(file.discovery.bootstrap_peers, ['discovery', 'bootstrap_peers'], reporter)
  checkAuth(file, reporter)
}

/** Warns about placeholders, which are then passed over. */
export const checkPeers = (peers: readonly string[], path: KeyPath, reporter: Reporter): void => {
  peers.forEach((peer, at) => {
    if (!isPlaceholderPeer(peer)) return
    reporter.warn([[...path, at]], `the placeholder ${peer} is ignored; put a node's own multiaddr here, or remove it`)
  })
}

type PortKey = Extract<keyof NodeFile['database'], `port_range_${string}`>

const RANGES = ['http', 'raft'] as const

const checkPorts = ({ node, database }: NodeFile, reporter: Reporter): void => {
  const max: KeyPath = ['database', 'max_databases']
  const ranges = RANGES.map((kind) => {
    const keys: readonly PortKey[] = [`port_range_${kind}_start`, `port_range_${kind}_end`]
    const [start, end] = [database[`port_range_${kind}_start`], database[`port_range_${kind}_end`]]
    const paths: readonly KeyPath[] = keys.map((key) => ['database', key])
    return { kind, start, end, size: end - start + 1, paths, text: `${start}-${end}` }
  })
  for (const { kind, size, start, end, paths, text } of ranges) {
    const needed = database.max_databases
    if (size < 1) {
      const message = `the ${kind} port range ${text} is reversed; did you mean ${end}-${start}?`
      reporter.fault('PORT_RANGE_REVERSED', paths, message)
    } else if (size < needed) {
      const message = `the ${kind} port range ${text} has ${size} ports, expected at least max_databases = ${needed} (advice: ${2 * needed})`
      reporter.fault('PORT_RANGE_TOO_SMALL', [...paths, max], message)
    } else if (size < 2 * needed) {
      const message = `the ${kind} port range ${text} has ${size} ports; at least ${2 * needed} (2 x max_databases) leave room when other programs take some`
      reporter.warn([...paths, max], message)
    }
  }
  const [http, raft] = ranges
  if (http === undefined || raft === undefined || http.size < 1 || raft.size < 1) return
  if (http.start <= raft.end && raft.start <= http.end) {
    const shared = `${Math.max(http.start, raft.start)}-${Math.min(http.end, raft.end)}`
    const message = `the http port range ${http.text} and the raft port range ${raft.text} overlap in ${shared}; expected ranges apart from each other`
    reporter.fault('PORT_RANGE_OVERLAP', [...raft.paths, ...http.paths], message)
  }
  node.listen_addresses.forEach((address, at) => {
    const port = parseMultiaddr(address)?.port ?? 0
    const range = ranges.find(({ start, end }) => port >= start && port <= end)
    if (range === undefined) return
    const message = `port ${port} lies in the ${range.kind} port range ${range.text}; choose one outside, or a database may have taken it when this node restarts`
    reporter.warn([['node', 'listen_addresses', at], ...range.paths], message)
  })
}

const checkReplication = ({ database }: NodeFile, reporter: Reporter): void => {
  const factor = database.replication_factor
  if (factor % 2 === 1) return
  const message = `${factor} replicas survive the loss of ${factor / 2 - 1}, no more than ${factor - 1} replicas do; an odd number is cheaper`
  reporter.warn([['database', 'replication_factor']], message)
}

const checkAuth = ({ auth }: NodeFile, reporter: Reporter): void => {
  auth.api_keys.forEach(({ id }, at) => {
    const first = auth.api_keys.findIndex((key) => key.id === id)
    if (first === at) return
    reporter.fault(
      'CONFLICT',
      [['auth', 'api_keys', at, 'id']],
      `the id ${id} is also that of entry ${first + 1}; each key has its own`,
    )
  })
  auth.jwt.forEach((issuer, at) => {
    const path: KeyPath = ['auth', 'jwt', at]
    const given = (['key', 'key_file', 'jwks'] as const).filter((key) => issuer[key] !== undefined)
    const [, second] = given
    if (second !== undefined)
      reporter.fault('CONFLICT', [[...path, second]], `found ${given.join(' and ')}, expected one of them`)
    if (given.length === 0)
      reporter.fault('MISSING_KEY', [path], 'found none of key, key_file and jwks, expected one of them')
    if (issuer.jwks !== undefined) checkKeySet(issuer.jwks, issuer.algorithm, [...path, 'jwks'], reporter)
  })
}

const checkKeySet = (jwks: string, algorithm: string, path: KeyPath, reporter: Reporter): void => {
  if (algorithm === 'HS256')
    reporter.fault('CONFLICT', [path], 'a key set publishes keys, and that of HS256 is a secret; give key_file')
  if (!/^https?:/.test(jwks)) return
  if (!URL.canParse(jwks)) reporter.fault('WRONG_VALUE', [path], `${jwks} is no URL`)
  else if (new URL(jwks).protocol === 'http:' && !isLoopback(new URL(jwks).hostname))
    reporter.fault('WRONG_VALUE', [path], 'whoever is on the way could change the keys; expected an https URL')
}
