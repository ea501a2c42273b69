import { DbClusterError } from '@dbcluster/protocol/errors'
import type { Transport } from './transport.js'

/** A transport whose code is loaded at first use. A load that failed is tried again at the next call. */
export const createLazyTransport = (load: () => Promise<Transport>): Transport => {
  let loading: Promise<Transport> | undefined
  let loaded: Transport | undefined
  let closed = false

  const get = async (): Promise<Transport> => {
    if (closed) throw new DbClusterError('CANCELLED', 'the client is closed', { hint: 'make a new one' })
    loading ??= load()
    try {
      loaded = await loading
      return loaded
    } catch (error) {
      loading = undefined
      throw error
    }
  }

  return {
    connect: async () => (await get()).connect(),
    call: async (operation, options) => (await get()).call(operation, options),
    status: () => loaded?.status() ?? { ready: false, reason: 'not connected yet' },
    close: async () => {
      closed = true
      const transport = await loading?.catch(() => undefined)
      await transport?.close()
    },
  }
}
