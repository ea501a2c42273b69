import { setTimeout as pause } from 'node:timers/promises'
import { signalProcess } from '@dbcluster/testkit'
import { always, type Fault } from '../fault.js'

/** SIGKILL for the leader's rqlited: its node starts it again. */
export const killLeaderRqlited: Fault = {
  name: 'kill-leader-rqlited',
  refusal: always,
  strike: async (field, begin) => {
    const database = field.random.pick(field.databases)
    const leader = await field.leaderOf(database)
    const victim = leader?.rqlited(database)
    if (leader === undefined || victim === undefined) return
    begin(`${database} on ${leader.name}`)
    if (signalProcess(victim, 'SIGKILL')) field.leaderless(database, 'rqlited killed')
    await pause(field.random.integer(1_500, 3_000))
  },
}

/** SIGKILL for all rqlited processes of one node at once. */
export const killRqliteds: Fault = {
  name: 'kill-rqliteds-of-node',
  refusal: always,
  strike: async (field, begin) => {
    const member = field.random.pick(field.members)
    await field.deposing(member, 'rqlited killed')
    begin(member.name)
    for (const rqlited of member.node.rqliteds()) signalProcess(rqlited, 'SIGKILL')
    await pause(field.random.integer(1_500, 3_000))
  },
}

/** SIGKILL for a node process: its rqlited processes go on, and it adopts them when it is back. */
export const killNode: Fault = {
  name: 'kill-node',
  refusal: always,
  strike: async (field, begin) => {
    const member = field.random.pick(field.members)
    begin(member.name)
    await member.node.kill('SIGKILL')
    await pause(field.random.integer(200, 4_000))
    await field.start([member])
  },
}

/** Node and rqlited processes die together, like in a power cut. */
export const killHost: Fault = {
  name: 'kill-host',
  refusal: always,
  strike: async (field, begin) => {
    const database = field.random.pick(field.databases)
    const member = (await field.leaderOf(database)) ?? field.random.pick(field.members)
    await field.deposing(member, 'host killed')
    begin(member.name)
    await member.powerCut()
    await pause(field.random.integer(200, 4_000))
    await field.start([member])
  },
}

/** SIGTERM, as an operator or a deployment does it. */
export const stopNode: Fault = {
  name: 'stop-node',
  refusal: always,
  strike: async (field, begin) => {
    const member = field.random.pick(field.members)
    begin(member.name)
    await member.node.kill('SIGTERM')
    const { code, signal } = member.node.exit ?? {}
    if (code !== 0) field.problem(`${member.name} ended with ${signal ?? code} after SIGTERM`)
    await pause(field.random.integer(100, 3_000))
    await field.start([member])
  },
}

/** Everything at once, by power cut or in order, and up again. */
export const restartAll: Fault = {
  name: 'restart-all',
  refusal: always,
  strike: async (field, begin) => {
    const { members, random } = field
    const inOrder = random.chance(0.4)
    begin(inOrder ? 'SIGTERM' : 'SIGKILL')
    await Promise.all(members.map((member) => (inOrder ? member.node.kill('SIGTERM') : member.powerCut())))
    await pause(random.integer(0, 1_500))
    for (const member of random.shuffle(members)) {
      await field.start([member])
      await pause(random.integer(0, 300))
    }
  },
}

/** A gateway dies; its clients wait or go elsewhere. */
export const killGateway: Fault = {
  name: 'kill-gateway',
  refusal: always,
  strike: async (field, begin) => {
    const gateway = field.random.pick(field.gateways)
    begin(gateway.url)
    await gateway.kill('SIGKILL')
    await pause(field.random.integer(100, 1_500))
    await gateway.start().catch((error: unknown) => field.problem(`${gateway.url} does not start: ${String(error)}`))
  },
}
