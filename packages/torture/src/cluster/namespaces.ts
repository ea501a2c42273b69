import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Host, Machine } from './machine.js'

const run = promisify(execFile)
const ip = (...args: readonly string[]): Promise<unknown> => run('ip', [...args])

/** An address of no network that anybody uses here; it exists in our namespaces only. */
const NETWORK = '10.77.0'
const CLIENTS_NUMBER = 1
const FIRST_HOST_NUMBER = 10
/** Nobody's: frames to it reach no host. */
const NOWHERE = '02:00:0a:4d:ff:ff'

const addressOf = (number: number): string => `${NETWORK}.${number}`
const macOf = (address: string): string =>
  `02:00:0a:4d:00:${Number(address.split('.').at(-1)).toString(16).padStart(2, '0')}`

/**
 * Hosts as network namespaces on one bridge; to be made within namespaces of our own (`enter-namespaces`). A way is cut
 * by a neighbour entry that leads nowhere: frames vanish silently, in one direction, with no firewall and no module
 * that a small kernel may lack (ip-neighbour(8)).
 */
export const createNamespaces = async (): Promise<Machine> => {
  await run('mount', ['-t', 'tmpfs', 'none', '/run'])
  await ip('link', 'set', 'lo', 'up')
  const clients: Host = { name: 'clients', address: addressOf(CLIENTS_NUMBER), launcher: [] }
  await ip('link', 'add', 'br0', 'address', macOf(clients.address), 'type', 'bridge')
  await ip('address', 'add', `${clients.address}/24`, 'dev', 'br0')
  await ip('link', 'set', 'br0', 'up')
  let next = FIRST_HOST_NUMBER
  return {
    kind: 'namespaces',
    clients,
    addHost: async (name) => {
      const address = addressOf(next)
      next += 1
      await ip('netns', 'add', name)
      const peer = ['peer', 'name', 'eth0', 'address', macOf(address), 'netns', name]
      await ip('link', 'add', `v-${name}`, 'type', 'veth', ...peer)
      await ip('link', 'set', `v-${name}`, 'master', 'br0', 'up')
      await ip('-n', name, 'link', 'set', 'lo', 'up')
      await ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0')
      await ip('-n', name, 'link', 'set', 'eth0', 'up')
      return { name, address, launcher: ['nsenter', `--net=/run/netns/${name}`, '--'] }
    },
    setWay: async (from, to, way) => {
      const mac = way === 'cut' ? NOWHERE : macOf(to.address)
      const where = from === clients ? ['neighbour'] : ['-n', from.name, 'neighbour']
      const device = from === clients ? 'br0' : 'eth0'
      await ip(...where, 'replace', to.address, 'lladdr', mac, 'dev', device, 'nud', 'permanent')
    },
    smallDirectory: async (name, bytes) => {
      const directory = `/run/small/${name}`
      await mkdir(directory, { recursive: true })
      await run('mount', ['-t', 'tmpfs', '-o', `size=${Math.ceil(bytes)},mode=700`, 'none', directory])
      return directory
    },
  }
}
