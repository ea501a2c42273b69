import { randomBytes } from 'node:crypto'
import { encodeMessage } from '@dbcluster/protocol'
import { HOSTILE_NAMES, type RogueMessage } from '@dbcluster/testkit'

/** Nodes that the messages are about. */
export interface Victims {
  /** Peer ids, the attacked one first. */
  readonly peerIds: readonly string[]
  /** Internal name of a database that exists. */
  readonly database: string
}

const hex = (value: unknown): string => Buffer.from(encodeMessage(value)).toString('hex')

/** A record that is right but for what `over` puts in: a database with a replica on each node. */
const record = ({ peerIds, database }: Victims, over: object): object => ({
  kind: 'database',
  name: database,
  decree: {
    generation: 9,
    ballot: { round: 9, proposer: peerIds[0] },
    clusterId: 'ab'.repeat(16),
    replicationFactor: peerIds.length,
    foreignKeys: true,
    rqliteMajor: 8,
    replicas: peerIds.map((peerId) => ({
      peerId,
      raftId: `${peerId}-1`,
      host: '127.0.0.1',
      httpPort: 5_001,
      raftPort: 7_001,
    })),
  },
  established: true,
  deleted: false,
  replicas: {},
  clock: { [`${peerIds[0]}/0123456789abcdef`]: 1_000 },
  ...over,
})

/** Payloads that a member might send, each wrong in one thing, so that nothing else can be why it is refused. */
const wrongPayloads = (victims: Victims): readonly string[] => {
  const update = (over: object): string => hex({ type: 'METADATA_UPDATE', records: [record(victims, over)] })
  const actor = `${victims.peerIds[0]}/0123456789abcdef`
  return [
    ...HOSTILE_NAMES.flatMap((name) => [
      update({ name }),
      update({ name: `demo_${name}` }),
      update({ name: `${name}_users`, deleted: true }),
    ]),
    // Clocks of a time that no node can have come to, for which every later write would be an old one.
    ...[2 ** 40 + 1, 2 ** 53 - 1, 2n ** 63n, -1, 0, 0.5].map((value) => update({ clock: { [actor]: value } })),
    update({ established: 'yes' }),
    update({ deleted: undefined }),
    update({ unknown: 1 }),
    update({ kind: 'nothing' }),
    hex({ type: 'METADATA_UPDATE', records: Array(1_001).fill(record(victims, {})) }),
    hex({ type: 'NODE_FORGET', peerId: victims.peerIds[0] }),
    hex({ type: '__proto__' }),
    hex([]),
    hex(null),
    // Nested deeper than anything sensible.
    '81'.repeat(20_000),
  ]
}

/** So many messages in turn of all kinds; the last of them need the members' secret to be more than noise. */
export const badGossip = (victims: Victims, count: number): readonly RogueMessage[] => {
  const payloads = wrongPayloads(victims)
  const author = victims.peerIds[1] ?? ''
  const kinds = (hexPayload: string): readonly RogueMessage[] => [
    { as: 'sealed', hex: hexPayload },
    { as: 'from the future', hex: hexPayload },
    { as: 'repeated', hex: hexPayload },
    { as: 'sealed', hex: randomBytes(1 + Math.floor(Math.random() * 300)).toString('hex') },
    { as: 'unsigned', hex: hexPayload },
    { as: 'unsealed', hex: hexPayload },
    { as: 'badly sealed', hex: hexPayload },
    { as: 'in the name of another', hex: hexPayload, author },
    { as: 'sealed in the name of another', hex: hexPayload, author },
    { as: 'unknown topic', hex: hexPayload },
    { as: 'many topics' },
    { as: 'sealed', bytes: 270_000 },
    { as: 'noise in a frame', bytes: 2_000 },
  ]
  const all = payloads.flatMap(kinds)
  const messages = Array.from(
    { length: count },
    (_, at) => all[(at * 17) % all.length] ?? { as: 'many topics' as const },
  )
  // These end a stream at once, so each has an identity that has said much already.
  const enders: readonly RogueMessage[] = [
    { as: 'noise', bytes: 5_000 },
    { as: 'oversized announcement', bytes: 5_000 },
    { as: 'noise in a frame', bytes: 5_000_000 },
  ]
  return messages.map((message, at) =>
    at % 100 === 99 ? (enders[((at / 100) % enders.length) | 0] ?? message) : message,
  )
}
