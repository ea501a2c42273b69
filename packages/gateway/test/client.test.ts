import { createClient } from '@dbcluster/client'
import { describeWire } from '@dbcluster/client/wire-suite'
import { DbClusterError } from '@dbcluster/protocol'
import { createGateway, serveGateway } from '../src/index.js'
import { createMemoryLogger } from './support/make.js'
import { RecordingTransport } from './support/recording-transport.js'

describeWire('HTTP, through a gateway,', async (backend, apiKey) => {
  // The gateway's way to the nodes ends at the backend of the test.
  const transport = new RecordingTransport(async (operation, { credential, requestId, timeoutMs, signal: given }) => {
    const signal = given ?? new AbortController().signal
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new DbClusterError('CANCELLED', 'aborted')))
    })
    const served = backend.serve({ operation, credential, requestId, timeoutMs, signal })
    const { result, meta } = await Promise.race([served, aborted])
    transport.meta = meta
    return result
  })
  const app = createGateway()({ transport, logger: createMemoryLogger().logger })
  const server = await serveGateway(app, { port: 0 })
  const client = createClient({ url: server.url, apiKey })
  await client.connect()
  return { client, close: () => server.close() }
})
