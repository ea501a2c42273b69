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
  type ResultMeta,
} from '@dbcluster/protocol'

/** One operation by its name. */
export type OperationOf<O extends OperationName> = Extract<Operation, { readonly op: O }>

/** Settings of one question. */
export interface AskOptions {
  /** @default 15_000 */
  readonly timeoutMs?: number
  /** @default the cluster's own key */
  readonly credential?: string
}

/** Asks one certain node, where the SDK would choose the best one. No retries: what that node says, and nothing else. */
export interface DirectLine {
  /** @throws DbClusterError as the node answered, or as the network failed */
  ask<O extends OperationName>(
    peerId: string,
    operation: OperationOf<O>,
    options?: AskOptions,
  ): Promise<OperationResults[O]>
  /** The same, with how it was served. @throws DbClusterError as {@link ask} */
  answer<O extends OperationName>(
    peerId: string,
    operation: OperationOf<O>,
    options?: AskOptions,
  ): Promise<{ readonly result: OperationResults[O]; readonly meta: ResultMeta }>
  /** Learns where a node is that was not there when the line was opened. */
  meet(peerId: string, multiaddrs: readonly string[]): void
  close(): Promise<void>
}

const nothing = (): void => undefined
const SILENT: Logger = { error: nothing, warn: nothing, info: nothing, debug: nothing, child: () => SILENT }

/** Opens a line to these nodes. */
export const openDirectLine = async (init: {
  readonly networkKey: Uint8Array
  readonly peers: readonly string[]
  readonly credential: string
}): Promise<DirectLine> => {
  const network: Network = createNetwork({
    mode: 'client',
    networkKey: init.networkKey,
    listenAddresses: [],
    bootstrapPeers: init.peers,
  })({ logger: SILENT })
  await network.start()
  let asked = 0
  const answer: DirectLine['answer'] = async (
    peerId,
    operation,
    { timeoutMs = 15_000, credential = init.credential } = {},
  ) => {
    asked += 1
    const request = { credential, requestId: `direct-${asked}`, timeoutMs, operation }
    const payload = await network.request(peerId, CLIENT_PROTOCOL, encodeMessage(request), {
      timeoutMs: timeoutMs + 1_000,
    })
    const response = decodeMessage(payload) as ClientResponse
    if (!response.ok) throw fromErrorBody(response.error)
    return { result: response.result as never, meta: response.meta }
  }
  return {
    ask: async (...args) => (await answer(...args)).result,
    answer,
    meet: (peerId, multiaddrs) => network.want(peerId, multiaddrs),
    close: () => network.stop(),
  }
}
