import { DbClusterError } from '@dbcluster/protocol/errors'

/** Stands for the libp2p chunk where there are no TCP sockets: browsers, workers, edge functions. */
export const createLibp2pTransport = (): never => {
  throw new DbClusterError('CONFIG_INVALID', 'the libp2p transport needs Node.js', {
    hint: "use a gateway here: createClient({ url: 'https://…', token })",
  })
}
