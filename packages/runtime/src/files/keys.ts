import { randomBytes } from 'node:crypto'
import { formatSwarmKey, generateNetworkKey, parseSwarmKey } from '@dbcluster/network'
import { DbClusterError, type Logger } from '@dbcluster/protocol'
import { createFileExclusive } from './atomic-file.js'
import { readSecretFile } from './secret-file.js'

/** Bytes of a cluster key. */
const CLUSTER_KEY_BYTES = 32

/** Beside a key's file: keys that are accepted too while a key is exchanged, and never used by this node itself. */
const ACCEPTED_SUFFIXES = ['.next', '.previous'] as const

/** The two secrets of a network. */
export interface NetworkKeys {
  /** 32 bytes; see `@dbcluster/network`. */
  readonly networkKey: Uint8Array
  /** 32 bytes, held by nodes only. */
  readonly clusterKey: Uint8Array
  /** Accepted from others beside the key itself, two at most: the coming one, then the one before. */
  readonly acceptedNetworkKeys: readonly Uint8Array[]
  /** The same of the cluster key. */
  readonly acceptedClusterKeys: readonly Uint8Array[]
}

/** Settings of {@link loadOrCreateKeys}. */
export interface KeysInit {
  readonly networkKeyFile: string
  readonly clusterKeyFile: string
  /** Real ones, without placeholders. With any, this node joins a network and makes no keys. */
  readonly bootstrapPeers: readonly string[]
  /** Whether this node has never run: it has no identity yet. Later, keys that are gone are a loss and no beginning. */
  readonly firstStart: boolean
  readonly logger: Logger
}

/**
 * Reads both keys. A node's first start without bootstrap peers founds a network: it makes both, and logs how to carry
 * them to the next node.
 * @throws DbClusterError `KEY_MISSING` when one isn't there and must not be made, `KEY_INVALID` when one isn't a key
 */
export const loadOrCreateKeys = async (init: KeysInit): Promise<NetworkKeys> => {
  const { networkKeyFile, clusterKeyFile, bootstrapPeers, firstStart, logger } = init
  const [network, cluster] = await Promise.all([
    readSecretFile(networkKeyFile, logger),
    readSecretFile(clusterKeyFile, logger),
  ])
  if (network !== undefined && cluster !== undefined)
    return {
      networkKey: decodeNetworkKey(networkKeyFile, network),
      clusterKey: decodeClusterKey(clusterKeyFile, cluster),
      acceptedNetworkKeys: await readAccepted(networkKeyFile, decodeNetworkKey, logger),
      acceptedClusterKeys: await readAccepted(clusterKeyFile, decodeClusterKey, logger),
    }
  const missing = [
    ...(network === undefined ? [networkKeyFile] : []),
    ...(cluster === undefined ? [clusterKeyFile] : []),
  ]
  if (bootstrapPeers.length > 0) throw keyMissing(missing, 'this node has bootstrap peers, so it joins their network')
  if (!firstStart) throw keyMissing(missing, 'this node has run before, so its network has keys')
  if (missing.length === 1) throw keyMissing(missing, 'the other key is there, so this network has both')
  const keys = {
    networkKey: generateNetworkKey(),
    clusterKey: generateClusterKey(),
    acceptedNetworkKeys: [],
    acceptedClusterKeys: [],
  }
  await createFileExclusive(clusterKeyFile, formatClusterKey(keys.clusterKey))
  await createFileExclusive(networkKeyFile, formatSwarmKey(keys.networkKey))
  logger.info('Made the keys of a new network; copy both files to each further node before its first start', {
    network_key_file: networkKeyFile,
    cluster_key_file: clusterKeyFile,
  })
  return keys
}

/**
 * Reads a network key on its own, as a gateway does.
 * @throws DbClusterError `KEY_MISSING`, `KEY_INVALID`
 */
export const loadNetworkKey = async (file: string, logger: Logger): Promise<Uint8Array> => {
  const text = await readSecretFile(file, logger)
  if (text === undefined) throw keyMissing([file], 'without it no node of the network can be reached')
  return decodeNetworkKey(file, text)
}

/** A fresh random cluster key (32 bytes). */
export const generateClusterKey = (): Uint8Array => new Uint8Array(randomBytes(CLUSTER_KEY_BYTES))

/** The text of a cluster key's file: 64 hexadecimal digits. */
export const formatClusterKey = (key: Uint8Array): string => `${Buffer.from(key).toString('hex')}\n`

const readAccepted = async (
  file: string,
  decode: (file: string, text: string) => Uint8Array,
  logger: Logger,
): Promise<readonly Uint8Array[]> => {
  const keys: Uint8Array[] = []
  for (const suffix of ACCEPTED_SUFFIXES) {
    const text = await readSecretFile(`${file}${suffix}`, logger)
    if (text !== undefined) keys.push(decode(`${file}${suffix}`, text))
  }
  return keys
}

const keyMissing = (files: readonly string[], why: string): DbClusterError =>
  new DbClusterError('KEY_MISSING', `there is no key in ${files.join(' and ')}: ${why}`, {
    hint: "copy the file from a node of the network (its data_dir/keys); `dbcluster keys` shows a node's keys and makes new ones",
    details: { files },
  })

const decodeNetworkKey = (file: string, text: string): Uint8Array => {
  try {
    return parseSwarmKey(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new DbClusterError('KEY_INVALID', `${file}: ${reason}`, {
      hint: 'copy it unchanged from another node',
      details: { file },
      cause,
    })
  }
}

const decodeClusterKey = (file: string, text: string): Uint8Array => {
  const digits = text.trim()
  if (/^[0-9a-f]{64}$/i.test(digits)) return new Uint8Array(Buffer.from(digits, 'hex'))
  throw new DbClusterError(
    'KEY_INVALID',
    `${file}: a cluster key is ${CLUSTER_KEY_BYTES * 2} hexadecimal digits, found ${digits.length} characters`,
    { hint: 'copy it unchanged from another node', details: { file } },
  )
}
