// A node in a process of its own. Prints `{peerId, multiaddrs}` once started; echoes requests on `/test/echo/1`, except `hang`.
import { createNetwork } from '../../src/index.js'
import { createTestLogger, MEMBER_KEY, NETWORK_KEY, string } from './hosts.js'

const [listenAddress = '/ip4/127.0.0.1/tcp/0', identity = '', guestMaxBytes] = process.argv.slice(2)
const network = createNetwork({
  mode: 'node',
  networkKey: NETWORK_KEY,
  memberKeys: [MEMBER_KEY],
  listenAddresses: [listenAddress],
  bootstrapPeers: [],
  ...(guestMaxBytes === undefined ? {} : { guestMaxBytes: Number(guestMaxBytes) }),
  ...(identity === '' ? {} : { privateKey: new Uint8Array(Buffer.from(identity, 'hex')) }),
})({ logger: createTestLogger() })
network.handle(
  '/test/echo/1',
  async ({ payload }) => (string(payload) === 'hang' ? new Promise<never>(() => undefined) : payload),
  { audience: 'everyone' },
)
await network.start()
process.stdout.write(`${JSON.stringify({ peerId: network.peerId, multiaddrs: network.multiaddrs() })}\n`)
