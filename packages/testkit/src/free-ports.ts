import { createServer, type Server } from 'node:net'

/** Below the ports that systems give to outgoing connections (Linux: 32768 and up), above those of known services. */
const FIRST_PORT = 10_000
const LAST_PORT = 32_000
const ATTEMPTS_MAX = 50

/** A run of ports, both ends included. */
export interface PortRange {
  readonly start: number
  readonly end: number
}

/**
 * Finds `count` ranges of `size` ports each that lie apart and are free on the loopback address now.
 * @throws Error when the machine has no such room
 */
export const findPortRanges = async (count: number, size: number): Promise<readonly PortRange[]> => {
  const ranges: PortRange[] = []
  for (let attempt = 0; attempt < ATTEMPTS_MAX && ranges.length < count; attempt += 1) {
    const start = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT - size))
    const range = { start, end: start + size - 1 }
    const apart = ranges.every((other) => range.end < other.start || range.start > other.end)
    if (apart && (await allFree(range))) ranges.push(range)
  }
  if (ranges.length === count) return ranges
  throw new Error(
    `found ${ranges.length} of ${count} ranges of ${size} free ports between ${FIRST_PORT} and ${LAST_PORT}`,
  )
}

const allFree = async ({ start, end }: PortRange): Promise<boolean> => {
  const servers = await Promise.all(Array.from({ length: end - start + 1 }, (_, at) => listen(start + at)))
  const taken = servers.filter((server) => server !== undefined)
  await Promise.all(taken.map((server) => new Promise((resolve) => server.close(resolve))))
  return taken.length === servers.length
}

const listen = (port: number): Promise<Server | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
