import { checkAppName, checkDatabaseName } from '@dbcluster/protocol'
import { isHost, isListenMultiaddr, isPeerMultiaddr, isPlaceholderPeer, parseHostPort } from '../addresses.js'
import { parseBytes } from '../bytes.js'
import { parseDuration } from '../duration.js'

/** A shape of texts that a schema names in `format`. */
export interface TextFormat {
  readonly expected: string
  readonly matches: (text: string) => boolean
}

const passes =
  (check: (text: unknown) => string) =>
  (text: string): boolean => {
    try {
      return check(text) === text
    } catch {
      return false
    }
  }

const isOrigin = (text: string): boolean => {
  if (text === '*') return true
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text
}

/** Every format that the schemas use. */
export const TEXT_FORMATS: Readonly<Record<string, TextFormat>> = {
  'go-duration': {
    expected: 'a duration such as 500ms, 60s or 1m30s',
    matches: (text) => parseDuration(text) !== undefined,
  },
  'byte-size': { expected: 'a size such as 512KiB or 8MiB', matches: (text) => parseBytes(text) !== undefined },
  'listen-multiaddr': {
    expected: 'a multiaddr to listen on, such as /ip4/0.0.0.0/tcp/4001',
    matches: isListenMultiaddr,
  },
  'peer-multiaddr': {
    expected: 'a multiaddr with peer id, such as /ip4/192.0.2.1/tcp/4001/p2p/12D3KooW…',
    matches: (text) => isPlaceholderPeer(text) || isPeerMultiaddr(text),
  },
  host: { expected: 'a host name or an IP address', matches: isHost },
  'host-port': {
    expected: 'host:port, such as 127.0.0.1:8080 or [::1]:8080',
    matches: (text) => parseHostPort(text) !== undefined,
  },
  origin: { expected: 'an origin such as https://app.example.com, or *', matches: isOrigin },
  'app-name': {
    expected: 'an app name: lower-case letters, digits and "-", starting with a letter',
    matches: passes(checkAppName),
  },
  'database-name': {
    expected: 'a database name: lower-case letters, digits, "-" and "_", starting with a letter',
    matches: passes(checkDatabaseName),
  },
}
