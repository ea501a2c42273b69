import { setTimeout as pause } from 'node:timers/promises'
import { signalProcess } from '@dbcluster/testkit'
import { always, type Fault } from '../fault.js'

const LONG_MS = 6_000

/** SIGSTOP and, after a while, SIGCONT for the leader's rqlited: it wakes up and may still take itself for the leader. */
export const pauseLeaderRqlited: Fault = {
  name: 'pause-leader-rqlited',
  refusal: always,
  strike: async (field, begin) => {
    const database = field.random.pick(field.databases)
    const leader = await field.leaderOf(database)
    const victim = leader?.rqlited(database)
    if (leader === undefined || victim === undefined) return
    begin(`${database} on ${leader.name}`)
    if (!signalProcess(victim, 'SIGSTOP')) return
    field.leaderless(database, 'rqlited paused')
    await pause(field.random.integer(300, LONG_MS))
    signalProcess(victim, 'SIGCONT')
  },
}

/** A node process is paused; its rqlited processes are not. */
export const pauseNode: Fault = {
  name: 'pause-node',
  refusal: always,
  strike: async (field, begin) => {
    const member = field.random.pick(field.members)
    begin(member.name)
    member.node.signal('SIGSTOP')
    await pause(field.random.integer(300, LONG_MS))
    member.node.signal('SIGCONT')
  },
}

/** Everything on one host is paused, like a virtual machine that is moved. */
export const pauseHost: Fault = {
  name: 'pause-host',
  refusal: always,
  strike: async (field, begin) => {
    const database = field.random.pick(field.databases)
    const member = (await field.leaderOf(database)) ?? field.random.pick(field.members)
    await field.deposing(member, 'host paused')
    begin(member.name)
    const rqliteds = member.node.rqliteds()
    member.signalAll('SIGSTOP')
    await pause(field.random.integer(300, LONG_MS))
    for (const rqlited of rqliteds) signalProcess(rqlited, 'SIGCONT')
    member.node.signal('SIGCONT')
  },
}
