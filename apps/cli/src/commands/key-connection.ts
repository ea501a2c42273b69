import { createHttpTransport, type OperationOf } from '@dbcluster/client'
import { createLibp2pTransport, type Transport } from '@dbcluster/client/libp2p'
import { DbClusterError, type Logger, type OperationName, type OperationResults } from '@dbcluster/protocol'
import { readNodeAccess } from './data-directory.js'

/** How the network is reached, as the command line says it. */
export interface ConnectionOptions {
  /** A node's data directory on this machine. */
  readonly dataDir: string
  /** A gateway; then `credential` says who asks. */
  readonly url: string | undefined
}

export interface ConnectionInit extends ConnectionOptions {
  readonly directory: string
  /** An API key or token with the scope admin; from the environment, since arguments are seen by everybody here. */
  readonly credential: string | undefined
  /** The app whose keys are meant; an operator may leave it out for those of all. */
  readonly app: string | undefined
  readonly logger: Logger
}

/** Asks one thing of the network. */
export type AskNetwork = <O extends OperationName>(operation: OperationOf<O>) => Promise<OperationResults[O]>

const TIMEOUT_MS = 15_000

/**
 * Opens a way to the network for one task: through a gateway with an administrator's credential, else to the node of a
 * data directory, whose cluster key makes an operator of whoever may read it.
 * @throws DbClusterError `CONFIG_INVALID`, `KEY_MISSING`, `NODE_UNREACHABLE`
 */
export const withNetwork = async <T>(init: ConnectionInit, task: (ask: AskNetwork) => Promise<T>): Promise<T> => {
  const { transport, credential } = init.url === undefined ? await ofDataDir(init) : ofUrl(init, init.url)
  let asked = 0
  try {
    await transport.connect()
    return await task(async <O extends OperationName>(operation: OperationOf<O>) => {
      asked += 1
      const requestId = `dbcluster-keys-${process.pid}-${asked}`
      return (await transport.call<O>(operation, { credential, requestId, timeoutMs: TIMEOUT_MS })).result
    })
  } finally {
    await transport.close()
  }
}

interface Way {
  readonly transport: Transport
  readonly credential: string
}

const ofUrl = ({ credential }: ConnectionInit, url: string): Way => {
  if (credential !== undefined && credential !== '') return { transport: createHttpTransport({ url }), credential }
  throw new DbClusterError('CONFIG_INVALID', 'a gateway needs a credential with the scope admin', {
    hint: 'set DBCLUSTER_API_KEY in the environment, or use --data-dir on a node’s own machine',
  })
}

const ofDataDir = async (init: ConnectionInit): Promise<Way> => {
  const { multiaddrs, networkKey, operatorToken } = await readNodeAccess(init)
  return {
    transport: createLibp2pTransport({ bootstrapPeers: multiaddrs, networkKey, connectTimeoutMs: TIMEOUT_MS }),
    credential: operatorToken(init.app),
  }
}
