import type { Host, Machine } from './machine.js'

/** All processes on the one loopback address: where the system lets us make no namespaces. */
export const createLoopback = (): Machine => {
  const host = (name: string): Host => ({ name, address: '127.0.0.1', launcher: [] })
  const refuse = (what: string): Promise<never> => Promise.reject(new Error(`${what} takes namespaces of our own`))
  return {
    kind: 'loopback',
    clients: host('clients'),
    addHost: async (name) => host(name),
    setWay: () => refuse('cutting hosts apart'),
    smallDirectory: () => refuse('a small file system'),
  }
}
