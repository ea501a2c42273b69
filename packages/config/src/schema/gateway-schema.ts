import { LIMITS } from '@dbcluster/protocol'
import { type Static, Type } from '@sinclair/typebox'
import { bytes, duration, integer, optionalText, section, text, texts } from './fields.js'
import { LogSection } from './log.js'

const GatewaySection = section('The HTTP gateway.', {
  listen: text({
    default: '0.0.0.0:8080',
    format: 'host-port',
    description: 'host:port on which HTTP is served. Port 0 takes any free one.',
  }),
  bootstrap_peers: texts('peer-multiaddr', {
    default: [],
    description:
      'Multiaddrs, with peer id, of nodes of the network; one that answers is enough. A placeholder ending in /p2p/... is ignored with a warning.',
  }),
  network_key_file: text({
    default: './data/keys/network.key',
    description:
      "The network key, a copy of a node's data_dir/keys/network.key. A relative path counts from the directory the command was typed in.",
  }),
  max_body: bytes(1024, LIMITS.requestBytes, {
    default: '8MiB',
    description: 'Largest request body, such as 512KiB or 8MiB; a plain number is bytes. A larger one is answered 413.',
  }),
  max_connections: integer(1, 1_000_000, {
    default: 10_000,
    description: 'HTTP connections at most; further ones are closed at once.',
  }),
  concurrent_requests: integer(1, 100_000, {
    default: 200,
    description: 'Requests of one credential that are under way here at once; what is beyond is answered 429.',
  }),
  max_buffered: bytes(16 * 1024 * 1024, 1024 ** 4, {
    default: '512MiB',
    description:
      'Bytes of request bodies and of answers that nobody has read yet, all together; one credential may hold a quarter. At the bound requests are answered 503 or 429.',
  }),
  tls_cert_file: optionalText({
    description: 'Certificate chain (PEM). With it and tls_key_file the gateway speaks HTTPS only. Read at the start.',
  }),
  tls_key_file: optionalText({ description: 'Private key (PEM) of tls_cert_file.' }),
  query_timeout: duration(10, {
    default: '30s',
    description: 'Time that one statement may take, waking the database included.',
  }),
  transaction_timeout: duration(10, { default: '60s', description: 'Time that one transaction or batch may take.' }),
  cors_origins: texts('origin', {
    default: [],
    description: 'Origins (scheme://host[:port]) whose pages may call the gateway, or "*" for any. Default: none.',
  }),
})

/** The configuration file of a gateway, as it is written. Every key may be left out. */
export const GatewayFileSchema = Type.Object(
  { gateway: GatewaySection, log: LogSection },
  { additionalProperties: false, title: 'dbcluster gateway', description: 'Configuration of a dbcluster gateway' },
)
export type GatewayFile = Static<typeof GatewayFileSchema>
