import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { DbClusterError } from '@dbcluster/protocol'

/** Ports of one block. Every development cluster on a machine cuts the same blocks, so each sees what others hold. */
export const BLOCK_PORTS = 500

/** Below are ports that other programs like. */
const FIRST_PORT = 10_000

/** Linux's default for the first port that outgoing connections get; macOS and Windows begin at 49152. */
const EPHEMERAL_PORT = 32_768

/** Neighbouring blocks. */
export interface PortBlocks {
  readonly start: number
  /** The first port of each. */
  readonly guardPorts: readonly number[]
}

/** Blocks that nobody else can choose until `guards` are released. */
export interface ChosenBlocks {
  readonly blocks: readonly PortBlocks[]
  readonly guards: PortGuards
}

/** Holds guard ports until `release`. */
export interface PortGuards {
  /** Ports that something else listens on. */
  readonly taken: readonly number[]
  release(): Promise<void>
}

const listen = (port: number): Promise<Server | undefined> =>
  new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', () => resolve(undefined))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.unref()
      resolve(server)
    })
  })

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()))

/** Whether a port can be listened on now. */
const isFree = async (port: number): Promise<boolean> => {
  const server = await listen(port)
  if (server !== undefined) await close(server)
  return server !== undefined
}

/** Holds the guard ports of a cluster that is about to run. */
export const holdGuards = async (ports: readonly number[]): Promise<PortGuards> => {
  const servers = await Promise.all(ports.map(listen))
  const taken = ports.filter((_, at) => servers[at] === undefined)
  const held = servers.filter((server) => server !== undefined)
  return { taken, release: async () => void (await Promise.all(held.map(close))) }
}

/** Several as one. */
export const joinGuards = (guards: readonly PortGuards[]): PortGuards => ({
  taken: guards.flatMap(({ taken }) => taken),
  release: async () => void (await Promise.all(guards.map((each) => each.release()))),
})

const lastPort = (): number => {
  try {
    const [first] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number)
    // A system whose outgoing connections begin low leaves no room below; then they may meet, and the probes tell.
    return first !== undefined && first > FIRST_PORT + 10 * BLOCK_PORTS ? first : EPHEMERAL_PORT
  } catch {
    return EPHEMERAL_PORT
  }
}

const shuffle = <T>(items: readonly T[]): readonly T[] =>
  items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)

/**
 * Chooses free blocks at random, `blocksEach` neighbouring ones for each of `count` nodes, clear of `used` ports. The
 * first three ports of each are probed: guard, node, gateway.
 * @throws DbClusterError `PORTS_EXHAUSTED`
 */
export const choosePortBlocks = async (
  count: number,
  blocksEach: number,
  used: ReadonlySet<number>,
): Promise<ChosenBlocks> => {
  const size = BLOCK_PORTS * blocksEach
  const slots = Math.floor((lastPort() - FIRST_PORT) / size)
  const starts = shuffle(Array.from({ length: slots }, (_, at) => FIRST_PORT + at * size))
  const blocks: PortBlocks[] = []
  const held: PortGuards[] = []
  for (const start of starts) {
    if (blocks.length === count) break
    const guardPorts = Array.from({ length: blocksEach }, (_, at) => start + at * BLOCK_PORTS)
    if (guardPorts.some((port) => used.has(port))) continue
    // Held from here on: another cluster that chooses at the same moment must not find them free.
    const guards = await holdGuards(guardPorts)
    const free = guards.taken.length === 0 && (await isFree(start + 1)) && (await isFree(start + 2))
    if (free) blocks.push({ start, guardPorts })
    if (free) held.push(guards)
    else await guards.release()
  }
  const guards = joinGuards(held)
  if (blocks.length === count) return { blocks, guards }
  await guards.release()
  throw new DbClusterError('PORTS_EXHAUSTED', `found ${blocks.length} free blocks of ${size} ports, need ${count}`, {
    hint: `ports from ${FIRST_PORT} on are looked at; stop other development clusters, or ask for fewer nodes`,
  })
}
