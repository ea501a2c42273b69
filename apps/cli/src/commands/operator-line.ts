import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createOperatorToken, OPERATOR_PURPOSE } from '@dbcluster/auth'
import { createNetwork, type Network } from '@dbcluster/network'
import {
  CLIENT_PROTOCOL,
  type ClientResponse,
  DbClusterError,
  decodeMessage,
  encodeMessage,
  fromErrorBody,
  type Logger,
  type Operation,
  type OperationName,
  type OperationResults,
} from '@dbcluster/protocol'
import { deriveKey, loadOrCreateKeys } from '@dbcluster/runtime'

/** The app that a token is for when the command is about nodes. */
const NO_APP = 'operator'
/** Longer than the longest operation takes in a node. */
const ANSWER_MS = 65_000

const nothing = (): void => undefined
const SILENT: Logger = { error: nothing, warn: nothing, info: nothing, debug: nothing, child: () => SILENT }

/** A line to the node of one data directory, with the rights of whoever can read its cluster key. */
export interface OperatorLine {
  /** The node at the other end. */
  readonly peerId: string
  /** @throws DbClusterError what the node answered; `NODE_UNREACHABLE` */
  ask<O extends OperationName>(
    operation: Extract<Operation, { readonly op: O }>,
    app?: string,
  ): Promise<OperationResults[O]>
  close(): Promise<void>
}

/**
 * Connects to the node that runs from this data directory.
 * @throws DbClusterError `NODE_UNREACHABLE` when none does, `KEY_MISSING`, `KEY_INVALID`
 */
export const openOperatorLine = async (directory: string, dataDir: string): Promise<OperatorLine> => {
  const data = resolve(directory, dataDir)
  const { peerId, multiaddrs } = await readAnnouncement(data)
  const keys = await loadOrCreateKeys({
    networkKeyFile: join(data, 'keys', 'network.key'),
    clusterKeyFile: join(data, 'keys', 'cluster.key'),
    bootstrapPeers: [],
    firstStart: false,
    logger: SILENT,
  })
  const secret = deriveKey(keys.clusterKey, OPERATOR_PURPOSE, 32)
  const network: Network = createNetwork({
    mode: 'client',
    networkKey: keys.networkKey,
    listenAddresses: [],
    bootstrapPeers: multiaddrs,
  })({ logger: SILENT })
  await network.start()
  let asked = 0
  return {
    peerId,
    ask: async (operation, app = NO_APP) => {
      asked += 1
      const request = {
        credential: createOperatorToken(secret, app),
        requestId: `operator-${asked}`,
        timeoutMs: ANSWER_MS,
        operation,
      }
      const options = { timeoutMs: ANSWER_MS + 1_000 }
      const answer = await network.request(peerId, CLIENT_PROTOCOL, encodeMessage(request), options)
      const response = decodeMessage(answer) as ClientResponse
      if (!response.ok) throw fromErrorBody(response.error)
      return response.result as never
    },
    close: () => network.stop(),
  }
}

/** What a running node tells of itself in its data directory. */
const readAnnouncement = async (
  data: string,
): Promise<{ readonly peerId: string; readonly multiaddrs: readonly string[] }> => {
  try {
    const { peer_id, multiaddrs } = JSON.parse(await readFile(join(data, 'node.json'), 'utf8')) as {
      readonly peer_id: string
      readonly multiaddrs: readonly string[]
    }
    return { peerId: peer_id, multiaddrs }
  } catch (cause) {
    throw new DbClusterError('NODE_UNREACHABLE', `no node runs from ${data}`, {
      hint: 'give the data directory of a running node of this machine with --data',
      cause,
    })
  }
}
