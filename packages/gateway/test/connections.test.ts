import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, test } from '@jest/globals'
import { trackConnections } from '../src/serve/connections.js'

test('answers that wait behind another one are told of the end of their connection, each once', async () => {
  const server = createServer()
  const connections = trackConnections(server, 'connection')
  const answers: ServerResponse[] = []
  const closed: number[] = []
  const asked = new Promise<void>((resolve) => {
    server.on('request', (_, response: ServerResponse) => {
      const place = answers.push(response)
      response.on('close', () => closed.push(place))
      if (place === 3) resolve()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(3))
    await asked
    expect([...connections.values()].map(({ size }) => size)).toEqual([3])
    socket.destroy()
    while (connections.size > 0) await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    expect(closed.sort()).toEqual([1, 2, 3])
  } finally {
    server.close()
  }
})
