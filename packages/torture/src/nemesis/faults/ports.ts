import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Member } from '../../cluster/member.js'
import { always, type Fault } from '../fault.js'

/** Binds a port and says so; what it is given after that is only there to be found by. */
const THIEF = `
  const [host, port] = process.argv.slice(1)
  require('node:net').createServer((socket) => socket.destroy()).listen(Number(port), host, () => console.log('bound'))
`

/**
 * Another program takes a port of a replica while its node is down. The node comes back all the same, and with it the
 * replica: at once on another port, or when the port is free again.
 */
export const stealPort: Fault = {
  name: 'steal-port',
  refusal: always,
  strike: async (field, begin) => {
    const database = field.random.pick(field.databases)
    const replicas = (await field.status(database))?.replicas ?? []
    const replica = field.random.shuffle(replicas)[0]
    const member = field.members.find(({ peerId }) => peerId === replica?.peer_id)
    if (replica === undefined || member === undefined) return
    const isRaft = field.random.chance(0.5)
    await member.node.kill('SIGTERM')
    begin(`${isRaft ? 'Raft' : 'HTTP'} port of ${database} on ${member.name}`)
    const give = await take(member, {
      address: isRaft ? member.host.address : '127.0.0.1',
      port: isRaft ? replica.raft_port : replica.http_port,
      directory: field.cluster.directory,
    })
    try {
      await field.start([member])
      await pause(field.random.integer(1_000, 5_000))
    } finally {
      await give()
    }
    await pause(1_000)
  },
}

interface Loot {
  readonly address: string
  readonly port: number
  /** Of the run: by it the thief is found and ended should we be gone first. */
  readonly directory: string
}

const take = async ({ host }: Member, { address, port, directory }: Loot): Promise<() => Promise<void>> => {
  const thief = [process.execPath, '-e', THIEF, address, String(port), `${directory}/thief`]
  const [command = '', ...args] = [...host.launcher, ...thief]
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), exited])
  return async () => {
    child.kill('SIGKILL')
    await exited
  }
}
