import { setTimeout as pause } from 'node:timers/promises'
import type { Host } from '../../cluster/machine.js'
import type { Fault } from '../fault.js'
import type { Field } from '../field.js'

type Way = readonly [from: Host, to: Host]

const refusal = (field: Field): Promise<string | undefined> =>
  Promise.resolve(
    field.cluster.machine.kind === 'namespaces' ? undefined : 'this machine allows no network namespaces of our own',
  )

/** Cuts these ways, waits, and opens them again. */
const cutFor = async (field: Field, ways: readonly Way[], minMs: number): Promise<void> => {
  const { machine } = field.cluster
  const set = (way: 'cut' | 'open') => Promise.all(ways.map(([from, to]) => machine.setWay(from, to, way)))
  try {
    await set('cut')
    await pause(field.random.integer(minMs, 9_000))
  } finally {
    await set('open')
  }
}

const between = (some: readonly Host[], others: readonly Host[]): readonly Way[] =>
  some.flatMap((one) =>
    others.flatMap((other): readonly Way[] =>
      one === other
        ? []
        : [
            [one, other],
            [other, one],
          ],
    ),
  )

/** The node that leads a database's cluster loses all other nodes, and keeps its clients. */
export const cutLeaderOff: Fault = {
  name: 'cut-leader-off',
  refusal,
  strike: async (field, begin) => {
    const leader = (await field.leaderOf(field.random.pick(field.databases))) ?? field.random.pick(field.members)
    await field.deposing(leader, 'host cut off')
    begin(leader.name)
    const others = field.members.filter((member) => member !== leader).map(({ host }) => host)
    await cutFor(field, between([leader.host], others), 1_000)
  },
}

/** Two groups of nodes that don't see each other; clients see both. */
export const cutInTwo: Fault = {
  name: 'cut-in-two',
  refusal,
  strike: async (field, begin) => {
    const hosts = field.random.shuffle(field.members.map(({ host }) => host))
    const middle = field.random.integer(1, hosts.length - 1)
    const [some, others] = [hosts.slice(0, middle), hosts.slice(middle)]
    begin(`${some.map(({ name }) => name).join(' ')} | ${others.map(({ name }) => name).join(' ')}`)
    await cutFor(field, between(some, others), 1_000)
  },
}

/** A node hears the others, and none of them hears it; or the other way round. */
export const cutOneWay: Fault = {
  name: 'cut-one-way',
  refusal,
  strike: async (field, begin) => {
    const leader = (await field.leaderOf(field.random.pick(field.databases))) ?? field.random.pick(field.members)
    const others = field.members.filter((member) => member !== leader).map(({ host }) => host)
    const isMute = field.random.chance(0.5)
    begin(`${leader.name} ${isMute ? 'is not heard' : 'hears nobody'}`)
    const ways = others.map((other): Way => (isMute ? [leader.host, other] : [other, leader.host]))
    await cutFor(field, ways, 1_000)
  },
}

/** Each of two nodes reaches all others, but not the other one. */
export const cutOnePair: Fault = {
  name: 'cut-one-pair',
  refusal,
  strike: async (field, begin) => {
    const [one, other] = field.random.shuffle(field.members)
    if (one === undefined || other === undefined) return
    begin(`${one.name} | ${other.name}`)
    await cutFor(field, between([one.host], [other.host]), 1_000)
  },
}

/** Nobody reaches one node, not even clients. */
export const unplug: Fault = {
  name: 'unplug',
  refusal,
  strike: async (field, begin) => {
    const member = field.random.pick(field.members)
    await field.deposing(member, 'host unplugged')
    begin(member.name)
    await cutFor(field, between([member.host], field.hosts), 500)
  },
}
