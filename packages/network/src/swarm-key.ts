import { randomBytes } from 'node:crypto'
import { DbClusterError } from '@dbcluster/protocol'

/** Bytes of a network key. */
export const NETWORK_KEY_BYTES = 32

const HEADER = '/key/swarm/psk/1.0.0/'
const ENCODING = '/base16/'
const HINT =
  'a swarm-key file has three lines: /key/swarm/psk/1.0.0/, /base16/ and 64 hexadecimal digits; copy it unchanged from another node'

const invalid = (what: string): DbClusterError =>
  new DbClusterError('KEY_INVALID', `the network key can't be read: ${what}`, { hint: HINT })

/** A fresh random network key (32 bytes). */
export const generateNetworkKey = (): Uint8Array => new Uint8Array(randomBytes(NETWORK_KEY_BYTES))

/**
 * The text of a swarm-key file, as every libp2p implementation reads it.
 * @throws DbClusterError `KEY_INVALID` when the key isn't 32 bytes
 * @see https://github.com/libp2p/specs/blob/master/pnet/Private-Networks-PSK-V1.md
 */
export const formatSwarmKey = (key: Uint8Array): string => {
  if (key.length !== NETWORK_KEY_BYTES) throw invalid(`it has ${key.length} bytes instead of ${NETWORK_KEY_BYTES}`)
  return `${HEADER}\n${ENCODING}\n${Buffer.from(key).toString('hex')}\n`
}

/**
 * The 32 key bytes of a swarm-key file's text.
 * @throws DbClusterError `KEY_INVALID` that names what is wrong, never the key
 */
export const parseSwarmKey = (text: string): Uint8Array => {
  const [header, encoding, digits, ...rest] = text.split(/\r\n|\r|\n/).map((line) => line.trim())
  if (header !== HEADER) throw invalid(`the first line isn't ${HEADER}`)
  if (encoding !== ENCODING) throw invalid(`the second line isn't ${ENCODING}`)
  if (digits === undefined || !/^[0-9a-f]{64}$/i.test(digits)) {
    throw invalid(`the third line has ${digits?.length ?? 0} characters instead of 64 hexadecimal digits`)
  }
  if (rest.some((line) => line !== '')) throw invalid('there is more text after the third line')
  return new Uint8Array(Buffer.from(digits, 'hex'))
}
