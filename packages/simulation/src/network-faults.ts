import type { SimNode } from './sim-node.js'
import type { World } from './world.js'

/** Two sides that don't reach each other; most notice after a while. */
export const partition = (world: World): void => {
  const { random, network, schedule } = world
  const order = random.shuffle(world.nodes.map((node) => node.peerId))
  const cut = random.integer(1, Math.max(1, order.length - 1))
  const pairs = order.slice(0, cut).flatMap((a) => order.slice(cut).map((b) => [a, b] as const))
  for (const [a, b] of pairs) {
    network.block(a, b)
    network.block(b, a)
    if (random.chance(0.8)) schedule.after(random.between(0, 1_500), () => network.disconnect(a, b))
  }
  schedule.after(random.between(200, 6_000), () => {
    for (const [a, b] of pairs) {
      network.unblock(a, b)
      network.unblock(b, a)
      network.disconnect(a, b)
    }
  })
}

/** Some ways to or from a node are cut, in one direction each; nobody is told. */
export const cutOneWay = (world: World, node: SimNode): void => {
  const { random, network, schedule } = world
  const others = world.nodes.filter((other) => other !== node && random.chance(0.6))
  const ways = others.map((other) =>
    random.chance(0.5) ? ([node.peerId, other.peerId] as const) : ([other.peerId, node.peerId] as const),
  )
  for (const [from, to] of ways) network.block(from, to)
  schedule.after(random.between(200, 5_000), () => {
    for (const [from, to] of ways) {
      network.unblock(from, to)
      network.disconnect(from, to)
    }
  })
}

/** Nothing leaves this node, or nothing reaches it, or both. */
export const isolate = (world: World, node: SimNode): void => {
  const { random, network, schedule } = world
  const directions = random.pick(['in', 'out', 'both'] as const)
  const others = world.nodes.filter((other) => other !== node)
  for (const other of others) {
    if (directions !== 'in') network.block(node.peerId, other.peerId)
    if (directions !== 'out') network.block(other.peerId, node.peerId)
    if (random.chance(0.5))
      schedule.after(random.between(0, 1_000), () => network.disconnect(node.peerId, other.peerId))
  }
  schedule.after(random.between(500, 8_000), () => {
    for (const other of others) {
      network.unblock(node.peerId, other.peerId)
      network.unblock(other.peerId, node.peerId)
      network.disconnect(node.peerId, other.peerId)
    }
  })
}

/** Messages are slow, vanish and repeat for a while. */
export const storm = (world: World): void => {
  const { network, random, schedule } = world
  network.weather.loss = random.between(0, 0.3)
  network.weather.duplication = random.between(0, 0.3)
  network.weather.delayMs = { low: 0.2, high: random.between(2, 400) }
  schedule.after(random.between(300, 3_000), () => {
    network.weather.loss = 0
    network.weather.duplication = 0
    network.weather.delayMs = { low: 0.2, high: 2 }
  })
}
