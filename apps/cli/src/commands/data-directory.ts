import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createOperatorToken, OPERATOR_PURPOSE } from '@dbcluster/auth'
import { DbClusterError, type Logger } from '@dbcluster/protocol'
import { deriveKey, loadOrCreateKeys } from '@dbcluster/runtime'

/** The app of a token whose holder means no app in particular. */
const NO_APP = 'operator'

/** What the data directory of a node that runs on this machine gives to whoever may read it. */
export interface NodeAccess {
  readonly peerId: string
  readonly multiaddrs: readonly string[]
  readonly networkKey: Uint8Array
  /** A credential of an operator, valid for a minute, for one app or for none in particular. */
  operatorToken(app?: string): string
}

/**
 * Reads where the node of a data directory listens, and its keys: the cluster key makes an operator of its reader.
 * @throws DbClusterError `NODE_UNREACHABLE` when no node runs from it, `KEY_MISSING`, `KEY_INVALID`
 */
export const readNodeAccess = async (from: {
  /** Where a relative path counts from. */
  readonly directory: string
  readonly dataDir: string
  readonly logger: Logger
}): Promise<NodeAccess> => {
  const dataDir = resolve(from.directory, from.dataDir)
  const announcement = await readAnnouncement(dataDir)
  const { networkKey, clusterKey } = await loadOrCreateKeys({
    networkKeyFile: join(dataDir, 'keys', 'network.key'),
    clusterKeyFile: join(dataDir, 'keys', 'cluster.key'),
    bootstrapPeers: [],
    firstStart: false,
    logger: from.logger,
  })
  const secret = deriveKey(clusterKey, OPERATOR_PURPOSE, 32)
  return { ...announcement, networkKey, operatorToken: (app = NO_APP) => createOperatorToken(secret, app) }
}

/** What a node wrote of itself at its start. */
const readAnnouncement = async (dataDir: string): Promise<Pick<NodeAccess, 'peerId' | 'multiaddrs'>> => {
  const file = join(dataDir, 'node.json')
  try {
    const { peer_id, multiaddrs } = JSON.parse(await readFile(file, 'utf8')) as {
      readonly peer_id: string
      readonly multiaddrs: readonly string[]
    }
    return { peerId: peer_id, multiaddrs }
  } catch (cause) {
    throw new DbClusterError('NODE_UNREACHABLE', `${file} does not tell where a node listens`, {
      hint: 'start the node first, or give the data directory of one that runs on this machine with --data-dir',
      cause,
    })
  }
}
