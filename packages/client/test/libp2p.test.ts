import { formatSwarmKey, generateNetworkKey, type Network } from '@dbcluster/network'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type Client, createClient } from '../src/index.js'
import { Backend } from './support/backend.js'
import { fault, startNode } from './support/node.js'
import { describeWire } from './wire.js'

const open: { close(): Promise<unknown> }[] = []

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

const node = async (key: Uint8Array, backend: Backend): Promise<Network> => {
  const network = await startNode(key, backend)
  open.push({ close: () => network.stop() })
  return network
}

const clientOf = (key: Uint8Array, nodes: readonly Network[]): Client => {
  const client = createClient({
    app: 'myapp',
    apiKey: 'dbc_k1_secret',
    networkKey: formatSwarmKey(key),
    bootstrapPeers: nodes.flatMap((one) => one.multiaddrs()),
  })
  open.push(client)
  return client
}

describeWire('libp2p', async (backend, apiKey) => {
  const key = generateNetworkKey()
  const network = await startNode(key, backend)
  const client = createClient({ app: 'myapp', apiKey, networkKey: key, bootstrapPeers: network.multiaddrs() })
  await client.connect()
  return { client, close: () => network.stop() }
})

/** Backends whose answers say who they are, and a `locate` that knows the leader. */
const threeNodes = async () => {
  const key = generateNetworkKey()
  const backends = [new Backend(), new Backend(), new Backend()] as const
  const nodes = await Promise.all(backends.map((backend) => node(key, backend)))
  const [first, second, third] = nodes as [Network, Network, Network]
  const replicas = { current: [second, third] as readonly Network[] }
  for (const [at, backend] of backends.entries()) {
    backend.meta = { servedBy: second.peerId, durationMs: 1 }
    backend.answer = () => ({ rowsAffected: 1, lastInsertId: at })
    const serve = backend.serve.bind(backend)
    backend.serve = async (request) =>
      request.operation.op === 'locate'
        ? {
            result: {
              replicas: replicas.current.map((one) => ({ peerId: one.peerId, multiaddrs: one.multiaddrs() })),
            },
            meta: backend.meta,
          }
        : serve(request)
  }
  return { key, backends, nodes: { first, second, third }, replicas }
}

/** Repeats until a condition holds. */
const until = async (condition: () => Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 10_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition did not come true within 10 s')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('libp2p among several nodes', () => {
  test('it learns where a database lives and goes to the leader, also one that it was not told of', async () => {
    const { key, backends, nodes } = await threeNodes()
    const client = clientOf(key, [nodes.first])
    const db = await client.database('users')
    await until(async () => (await db.execute('I')).lastInsertRowid === 1)
    const before = backends[0].requests.length
    for (let at = 0; at < 5; at++) expect((await db.execute('I')).lastInsertRowid).toBe(1)
    expect(backends[0].requests).toHaveLength(before)
  })

  test('it goes on when the leader is gone: to another node, reads and writes that were not delivered', async () => {
    const { key, nodes, backends } = await threeNodes()
    const client = clientOf(key, [nodes.first, nodes.third])
    const db = await client.database('users')
    await until(async () => (await db.execute('I')).lastInsertRowid === 1)
    for (const backend of backends) backend.meta = { servedBy: nodes.third.peerId, durationMs: 1 }
    await nodes.second.stop()
    for (const backend of backends) backend.answer = () => ({ columns: [], rows: [], rowsAffected: 1, lastInsertId: 7 })
    // A write into a connection that is just dying has an unknown outcome; a read finds out and goes elsewhere.
    await db.query('S')
    for (let at = 0; at < 5; at++) expect((await db.execute('I')).lastInsertRowid).toBe(7)
  })

  test('a node that is no replica any more sends it elsewhere', async () => {
    const { key, nodes, backends, replicas } = await threeNodes()
    const client = clientOf(key, [nodes.first])
    const db = await client.database('users')
    await until(async () => (await db.execute('I')).lastInsertRowid === 1)
    replicas.current = [nodes.third]
    backends[1].answer = () => {
      throw fault('NOT_REPLICA')
    }
    for (const backend of backends) backend.meta = { servedBy: nodes.third.peerId, durationMs: 1 }
    const { meta } = await db.execute('I')
    expect(meta.attempts).toBe(2)
    await until(async () => (await db.execute('I')).lastInsertRowid === 2)
  })

  test('a connection that is lost after sending: a read is asked again elsewhere, a write is of unknown outcome', async () => {
    const { key, nodes, backends } = await threeNodes()
    const client = clientOf(key, [nodes.first, nodes.second])
    const db = await client.database('users')
    await until(async () => (await db.execute('I')).lastInsertRowid === 1)
    for (const backend of [backends[0], backends[2]]) backend.answer = () => ({ columns: ['n'], rows: [[7]] })
    let arrived = 0
    backends[1].answer = () => {
      if (++arrived === 2) void nodes.second.stop()
      return new Promise(() => undefined)
    }
    const write = db.execute('I').catch((thrown: unknown) => thrown)
    const read = db.query<{ n: number }>('S')
    expect((await read).rows).toEqual([{ n: 7 }])
    expect(await write).toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  })

  test('nobody there: connecting says where it looked, a call too, and both end in time', async () => {
    const key = generateNetworkKey()
    const gone = await startNode(key, new Backend())
    const addresses = gone.multiaddrs()
    await gone.stop()
    const init = { app: 'myapp', token: 'a.b.c', networkKey: key, bootstrapPeers: addresses, connectTimeoutMs: 300 }
    const client = createClient(init)
    open.push(client)
    await expect(client.connect()).rejects.toMatchObject({
      code: 'NODE_UNREACHABLE',
      message: expect.stringContaining(addresses[0] ?? '?'),
    })
    await expect(client.database('users', { timeoutMs: 200 })).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
  })

  test('a call waits for the first node, within its time', async () => {
    const key = generateNetworkKey()
    const backend = new Backend()
    const network = await node(key, backend)
    const client = clientOf(key, [network])
    expect(await client.databases.list().catch((error: Error) => error.message)).toBeUndefined()
    expect(backend.operations).toEqual([{ op: 'list' }])
  })

  test('closing ends what is under way, and later calls', async () => {
    const key = generateNetworkKey()
    const backend = new Backend()
    const network = await node(key, backend)
    const client = clientOf(key, [network])
    const db = await client.database('users')
    backend.answer = () => new Promise(() => undefined)
    const call = db.query('S').catch((thrown: unknown) => thrown)
    await until(async () => backend.requests.length === 2)
    await client.close()
    expect(await call).toMatchObject({ code: 'CANCELLED' })
    await expect(db.query('S')).rejects.toMatchObject({ code: 'CANCELLED' })
    await client.close()
  })
})
