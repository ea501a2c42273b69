import type { NodeMessage, NodeMessageType } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import { resolveConfig } from '../src/core/config.js'
import { CoreContext } from '../src/core/context.js'
import { ballotOf, decreeOf } from './support/decrees.js'
import { EMPTY_MEMORY, LocalCluster, type LocalNode, memberOf, rosterOf } from './support/local-cluster.js'

const key = { name: 'app_users', generation: 1, ballot: ballotOf(1, 'NodeB'), epoch: 2 } as const
const request = { type: 'DATABASE_CREATE_REQUEST', ...key, rqliteMajor: 8 } as const
const confirm = {
  type: 'DATABASE_CREATE_CONFIRM',
  ...key,
  decree: decreeOf(1, key.ballot),
  established: true,
} as const
const remove = {
  type: 'DATABASE_DELETE_REQUEST',
  name: key.name,
  generation: 1,
  epoch: 2,
  requestId: 'delete@2',
  record: {
    kind: 'database',
    name: key.name,
    decree: decreeOf(1, key.ballot),
    established: true,
    deleted: false,
    replicas: {},
    clock: {},
  },
} as const
const prepare = { type: 'NODE_ROSTER_PREPARE', epoch: 3, ballot: ballotOf(1, 'NodeB') } as const
const acceptRoster = {
  type: 'NODE_ROSTER_ACCEPT',
  epoch: 3,
  ballot: ballotOf(1, 'NodeB'),
  roster: rosterOf(['NodeA', 'NodeB', 'NodeC'], 3),
} as const

/** NodeA as an acceptor of epoch 2 together with NodeB. */
const acceptor = (): { readonly cluster: LocalCluster; readonly node: LocalNode } => {
  const cluster = new LocalCluster()
  const node = cluster.add('NodeA', { ...EMPTY_MEMORY, roster: rosterOf(['NodeA', 'NodeB'], 2) })
  cluster.run()
  return { cluster, node }
}

const say = ({ cluster, node }: ReturnType<typeof acceptor>, message: NodeMessage): void => {
  cluster.deliver({ from: 'NodeB', to: node.peerId, message })
  cluster.run()
}

const said = (node: LocalNode, type: NodeMessageType): NodeMessage[] =>
  node.all('send').flatMap(({ to, message }) => (to === 'NodeB' && message.type === type ? [message] : []))

describe('what an acceptor says', () => {
  const cases = [
    { name: 'a promise', question: request, answer: 'DATABASE_CREATE_RESPONSE', kept: 'acceptor/app_users' },
    { name: 'a vote', question: confirm, answer: 'DATABASE_CREATE_ACCEPTED', kept: 'acceptor/app_users' },
    {
      name: 'the end of a generation',
      question: remove,
      answer: 'DATABASE_DELETE_RESPONSE',
      kept: 'acceptor/app_users',
    },
    { name: 'a promise on the roster', question: prepare, answer: 'NODE_ROSTER_PROMISE', kept: 'rosterVote' },
    { name: 'a vote on the roster', question: acceptRoster, answer: 'NODE_ROSTER_ACCEPTED', kept: 'rosterVote' },
  ] as const
  for (const { name, question, answer, kept } of cases) {
    test(`${name} is on disk before it leaves`, () => {
      const stage = acceptor()
      say(stage, question)
      const { effects } = stage.node
      const persisted = effects.findIndex(
        (effect) => effect.type === 'persist' && effect.writes.some((write) => write.key === kept),
      )
      const sent = effects.findIndex((effect) => effect.type === 'send' && effect.message.type === answer)
      expect(persisted).toBeGreaterThan(-1)
      expect(sent).toBeGreaterThan(persisted)
    })
  }
})

describe('an acceptor votes in its own epoch alone:', () => {
  const questions = [
    { name: 'promises', message: request, answer: 'DATABASE_CREATE_RESPONSE', granted: 'promised' },
    { name: 'votes', message: confirm, answer: 'DATABASE_CREATE_ACCEPTED', granted: 'accepted' },
    { name: 'ends', message: remove, answer: 'DATABASE_DELETE_RESPONSE', granted: 'done' },
  ] as const
  for (const { name, message, answer, granted } of questions) {
    test(`${name} of it are given`, () => {
      const stage = acceptor()
      say(stage, message)
      expect(said(stage.node, answer)).toMatchObject([{ [granted]: true }])
    })

    test(`${name} of an older or newer one are refused, with the roster it knows`, () => {
      for (const epoch of [1, 3]) {
        const stage = acceptor()
        say(stage, { ...message, epoch })
        expect(said(stage.node, answer)).toMatchObject([{ [granted]: false, roster: { epoch: 2 } }])
      }
    })

    test(`${name} are not given by a node whose store is younger than its place in the roster`, () => {
      const cluster = new LocalCluster()
      const roster = rosterOf(['NodeA', 'NodeB'], 2)
      const members = [{ ...memberOf('NodeA'), incarnation: 'eeeeeeeeeeeeeeee' }, memberOf('NodeB')]
      const node = cluster.add('NodeA', { ...EMPTY_MEMORY, roster: { ...roster, members } })
      say({ cluster, node }, message)
      expect(said(node, answer)).toMatchObject([{ [granted]: false }])
    })
  }

  test('promises and votes on a roster only for the one that follows', () => {
    for (const message of [
      { ...prepare, epoch: 2 },
      { ...prepare, epoch: 4 },
    ]) {
      const stage = acceptor()
      say(stage, message)
      expect(said(stage.node, 'NODE_ROSTER_PROMISE')).toEqual([])
      expect(said(stage.node, 'NODE_ROSTER')).toHaveLength(1)
    }
  })
})

describe('a majority', () => {
  test('is more than half of the members of the epoch in which the votes were cast', () => {
    const { core } = LocalCluster.of(['NodeA']).node('NodeA')
    const context = new CoreContext({
      config: resolveConfig({ rqliteMajor: 8 }),
      self: memberOf('NodeA'),
      table: core.table,
    })
    expect(context.isMajority(1, 0)).toBe(false)
    context.roster = rosterOf(['NodeA', 'NodeB', 'NodeC', 'NodeD'], 2)
    expect([1, 2, 3, 4].map((count) => context.isMajority(count, 2))).toEqual([false, false, true, true])
    expect(context.isMajority(4, 1)).toBe(false)
    expect(context.isMajority(4, 3)).toBe(false)
  })
})

describe('a proposer', () => {
  test('that is no acceptor proposes nothing', () => {
    const cluster = new LocalCluster()
    const node = cluster.add('NodeX', { ...EMPTY_MEMORY, roster: rosterOf(['NodeA', 'NodeB'], 2) })
    say({ cluster, node }, { type: 'DATABASE_CREATE_ASK', name: 'app_users', askId: 'ask', attempt: 0 })
    expect(node.all('send').some(({ message }) => message.type === 'DATABASE_CREATE_REQUEST')).toBe(false)
    expect(said(node, 'DATABASE_CREATE_RESULT')).toMatchObject([{ error: { code: 'NOT_ADMITTED' } }])
  })

  test('does not take one vote for a majority, neither to start replicas nor for good', () => {
    for (const established of [false, true]) {
      const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC'], { replicationFactor: 1 })
      cluster.hold = ({ from, to, message }) =>
        from !== to && message.type === 'DATABASE_CREATE_ACCEPTED' && message.established === established
      expect(cluster.ensure('NodeA', 'app_users')).toBeUndefined()
      const node = cluster.node('NodeA')
      expect(node.all('startReplica')).toHaveLength(established ? 1 : 0)
      expect(node.core.table.database('app_users')?.established ?? false).toBe(false)
    }
  })

  test('answers an ask by the newest attempt only: an error of an earlier one says nothing', () => {
    const cluster = LocalCluster.of(['NodeA', 'NodeB', 'NodeC'])
    cluster.hold = ({ to }) => to === 'NodeA'
    cluster.node('NodeB').dispatch({ type: 'ensureAsked', askId: 'ask', name: 'app_users' })
    const result = {
      type: 'DATABASE_CREATE_RESULT',
      name: 'app_users',
      error: { code: 'INSUFFICIENT_NODES', message: 'no' },
    } as const
    cluster.deliver({ from: 'NodeA', to: 'NodeB', message: { ...result, askId: 'an older one' } })
    expect(cluster.node('NodeB').answers.size).toBe(0)
    cluster.deliver({ from: 'NodeA', to: 'NodeB', message: { ...result, askId: 'ask' } })
    expect(cluster.node('NodeB').answers.get('ask')).toMatchObject({ ok: false })
  })
})
