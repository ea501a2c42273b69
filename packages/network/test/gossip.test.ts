import { LIMITS } from '@dbcluster/protocol'
import { afterEach, describe, expect, test } from '@jest/globals'
import { Hosts, string, text, until } from './helpers/hosts.js'

const hosts = new Hosts()
afterEach(() => hosts.stopAll())

const TOPIC = '/test/topic/1'

describe('gossip', () => {
  test('reaches every subscriber, with its author, and not the publisher itself', async () => {
    const nodes = await hosts.startMany(3)
    const [a, b, c] = nodes
    if (a === undefined || b === undefined || c === undefined) throw new Error('three were asked for')
    const heard: string[] = []
    for (const node of nodes) {
      node.subscribe(TOPIC, ({ from, payload }) => heard.push(`${node.peerId} ${from} ${string(payload)}`))
    }
    // b and c know only a: what one says reaches the other through a, or directly once they found each other.
    let round = 0
    await until(() => {
      if (round++ % 20 === 0) void b.publish(TOPIC, text(`b${round}`)).catch(() => undefined)
      return (
        heard.some((one) => one.startsWith(`${c.peerId} ${b.peerId}`)) &&
        heard.some((one) => one.startsWith(`${a.peerId} `))
      )
    })
    expect(heard.filter((one) => one.startsWith(b.peerId))).toEqual([])
    expect(heard.every((one) => one.split(' ')[1] === b.peerId)).toBe(true)
    expect(await a.publish(TOPIC, new Uint8Array(LIMITS.gossipBytes))).toBe(2)
  })

  test('of who is not allowed is neither delivered nor passed on, and costs it nothing', async () => {
    const [a, b] = await hosts.pair()
    const members = new Set<string>()
    const heard: string[] = []
    let asked = 0
    const allow = (peerId: string): boolean => {
      asked++
      return members.has(peerId)
    }
    a.subscribe(TOPIC, ({ payload }) => heard.push(string(payload)), { allow })
    b.subscribe(TOPIC, () => undefined)
    let sent = 0
    // Until b knows of a's subscription nobody receives it; without a turn of the event loop it would never learn.
    for (let round = 0; sent < 3 && round < 500; round++) {
      sent += await b.publish(TOPIC, text(`early${round}`))
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect(sent).toBe(3)
    await until(() => asked === sent)
    members.add(b.peerId)
    expect(await b.publish(TOPIC, text('late'))).toBe(1)
    await until(() => heard.length > 0)
    expect(heard).toEqual(['late'])
  })

  test('a handler that throws is logged and the next message delivered; subscriptions can end', async () => {
    const [a, b] = await hosts.pair()
    let calls = 0
    const heard: string[] = []
    a.subscribe(TOPIC, () => {
      calls++
      throw new Error('bad handler')
    })
    const end = a.subscribe(TOPIC, ({ payload }) => heard.push(string(payload)))
    let sent = 0
    await until(() => {
      void b.publish(TOPIC, text('x')).then((recipients) => (sent += recipients))
      return calls > 1 && heard.length > 1
    })
    expect(
      a.logger.lines
        .filter(({ level }) => level === 'error')
        .every(({ message }) => message === 'A gossip handler threw'),
    ).toBe(true)
    end()
    const before = calls
    const length = heard.length
    await b.publish(TOPIC, text('after'))
    await until(() => calls > before)
    expect(heard.filter((one) => one === 'after')).toEqual([])
    expect(length).toBeGreaterThan(1)
  })

  test('is refused when too large, in client mode and while stopped', async () => {
    const node = hosts.create()
    await expect(node.publish(TOPIC, text('x'))).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    await node.start()
    expect(await node.publish(TOPIC, text('nobody hears'))).toBe(0)
    await expect(node.publish(TOPIC, new Uint8Array(LIMITS.gossipBytes + 1))).rejects.toMatchObject({
      code: 'REQUEST_TOO_LARGE',
    })
    const client = await hosts.start({ mode: 'client' })
    await expect(client.publish(TOPIC, text('x'))).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})
