export { type HostPort, isLoopback, parseHostPort } from './addresses.js'
export { formatDuration, parseDuration } from './duration.js'
export { type ConfigFault, type FaultCode, formatFault, formatOrigin, type Origin } from './faults.js'
export { type GatewayConfig, loadGatewayConfig } from './gateway-config.js'
export { configReference, gatewayJsonSchema, nodeJsonSchema } from './json-schema.js'
export type { ConfigSources } from './load-file.js'
export {
  type ApiKeyConfig,
  type JwtConfig,
  type Loaded,
  type LogConfig,
  loadNodeConfig,
  type NodeConfig,
  type NodeConfigSources,
  type PortRange,
} from './node-config.js'
export { type ParsedSet, parseSets } from './parse-sets.js'
export type { LogFormat, LogLevel } from './schema/log.js'
export type { Timing } from './schema/node-schema.js'
