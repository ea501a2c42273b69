import { spawn, spawnSync } from 'node:child_process'

/** Ways to namespaces of our own: as root, and as anybody where the system allows that (unshare(1)). */
const WAYS = [
  ['unshare', '--net', '--mount'],
  ['unshare', '--user', '--map-root-user', '--net', '--mount'],
] as const

/** What has to work in there: interfaces, namespaces of their own for hosts, mounts. */
const TRIAL = `
  mount -t tmpfs none /run && ip link set lo up && ip link add br0 type bridge &&
  ip netns add trial && ip link add v0 type veth peer name eth0 netns trial && nsenter --net=/run/netns/trial true
`

/** How to get into network and mount namespaces of our own; undefined where the machine doesn't allow it. */
export const findWayIn = (): readonly string[] | undefined =>
  WAYS.find(([command, ...options]) => spawnSync(command, [...options, 'sh', '-c', TRIAL]).status === 0)

/**
 * Runs a program of Node.js in there. What it mounts and which interfaces it makes ends with its last process, however
 * that ends, and nobody outside sees any of it.
 * @returns its exit code
 */
export const runInside = (way: readonly string[], program: readonly string[]): Promise<number> => {
  const [command = '', ...options] = way
  const child = spawn(command, [...options, process.execPath, ...program], { stdio: 'inherit' })
  process.on('SIGTERM', () => void child.kill('SIGTERM'))
  // Ctrl-C reaches the child by itself, it is of our group.
  process.on('SIGINT', () => undefined)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
