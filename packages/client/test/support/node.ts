import { createNetwork, generateIdentity, type Network, type RequestHandler } from '@dbcluster/network'
import {
  CLIENT_PROTOCOL,
  ClientRequestSchema,
  type ClientResponse,
  createChecker,
  DbClusterError,
  decodeMessage,
  encodeMessage,
  isDbClusterError,
  type Logger,
  type Operation,
  toErrorBody,
} from '@dbcluster/protocol'
import type { Backend } from './backend.js'

const nothing = (): void => undefined
export const SILENT: Logger = { error: nothing, warn: nothing, info: nothing, debug: nothing, child: () => SILENT }

const checker = createChecker(ClientRequestSchema)

/** A real libp2p node whose client protocol is answered by a backend. */
export const startNode = async (networkKey: Uint8Array, backend: Backend): Promise<Network> => {
  const network = createNetwork({
    mode: 'node',
    privateKey: await generateIdentity(),
    networkKey,
    memberKeys: [new Uint8Array(32).fill(1)],
    listenAddresses: ['/ip4/127.0.0.1/tcp/0'],
    bootstrapPeers: [],
  })({ logger: SILENT })
  const answer: RequestHandler = async ({ payload, signal }) => {
    const request = checker.check(decodeMessage(payload))
    let response: ClientResponse
    try {
      const { credential, requestId, timeoutMs, operation } = request
      const served = await backend.serve({
        credential,
        requestId,
        timeoutMs,
        signal,
        operation: operation as Operation,
      })
      response = { ok: true, ...served }
    } catch (error) {
      if (!isDbClusterError(error)) throw error
      response = { ok: false, error: toErrorBody(error) }
    }
    return encodeMessage(response)
  }
  network.handle(CLIENT_PROTOCOL, answer, { audience: 'everyone' })
  await network.start()
  return network
}

/** An error that a test throws from a backend. */
export const fault = (code: DbClusterError['code'], message = 'it went wrong'): DbClusterError =>
  new DbClusterError(code, message, { hint: 'do this', statementIndex: 1, details: { got: 1 } })
