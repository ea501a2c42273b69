import { createNetwork, type Network } from '@dbcluster/network'
import {
  CLIENT_PROTOCOL,
  type ClientResponse,
  decodeMessage,
  encodeMessage,
  fromErrorBody,
  type Logger,
  type Operation,
  type OperationName,
  type OperationResults,
} from '@dbcluster/protocol'
import { readNodeAccess } from './data-directory.js'

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
}

/**
 * Does one task over a line to the node that runs from this data directory.
 * @throws DbClusterError `NODE_UNREACHABLE` when none does, `KEY_MISSING`, `KEY_INVALID`, and what the task throws
 */
export const withOperatorLine = async <T>(
  from: { readonly directory: string; readonly dataDir: string },
  task: (line: OperatorLine) => Promise<T>,
): Promise<T> => {
  const { peerId, multiaddrs, networkKey, operatorToken } = await readNodeAccess({ ...from, logger: SILENT })
  const network: Network = createNetwork({
    mode: 'client',
    networkKey,
    listenAddresses: [],
    bootstrapPeers: multiaddrs,
  })({ logger: SILENT })
  await network.start()
  let asked = 0
  const line: OperatorLine = {
    peerId,
    ask: async (operation, app) => {
      asked += 1
      const request = {
        credential: operatorToken(app),
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
  }
  try {
    return await task(line)
  } finally {
    await network.stop()
  }
}
