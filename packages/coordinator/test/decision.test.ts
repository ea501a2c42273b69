import { MetadataTable } from '@dbcluster/metadata'
import type { Accepted, ReplicaState } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import { resolveConfig } from '../src/core/config.js'
import { isVoid } from '../src/core/consensus/void-decree.js'
import { CoreContext } from '../src/core/context.js'
import { decide } from '../src/core/creation/creation-decision.js'
import type { CreationPurpose, CreationState } from '../src/core/creation/creation-state.js'
import { CreationSteps } from '../src/core/creation/creation-steps.js'
import { clusterIdOf, decreeOf, voteOf } from './support/decrees.js'
import { memberOf, rosterOf } from './support/local-cluster.js'

/** NodeA decides; the replica of every decree is on NodeA, which is live. */
const contextOf = (replica?: Partial<ReplicaState>): CoreContext => {
  const table = new MetadataTable({ actor: 'NodeA/1' })
  const context = new CoreContext({ config: resolveConfig({ rqliteMajor: 8 }), self: memberOf('NodeA'), table })
  context.roster = rosterOf(['NodeA', 'NodeB', 'NodeC'])
  table.putDecree({ name: 'app_users', decree: decreeOf(1), established: false })
  if (replica !== undefined)
    table.putReplicaState('app_users', { clusterId: clusterIdOf(1), status: 'active', ...replica })
  return context
}

const stateOf = (
  context: CoreContext,
  votes: readonly Accepted[],
  purpose: CreationPurpose,
  abandoned: readonly number[] = [],
): CreationState => {
  const aim = { deadlineMs: 9_000, attempt: 0, failures: new Map(), published: false }
  const state = new CreationSteps(context).begin({
    ...aim,
    name: 'app_users',
    purpose,
    abandoned: new Set(abandoned.map(clusterIdOf)),
  })
  return { ...state, tally: { ...state.tally, votes } }
}

describe('with the promises of a majority, a proposer', () => {
  const chosen = [voteOf(2, 1, true)]
  const reserved = [voteOf(2, 1, false)]
  const GATHERED = { voters: 1 }
  const FAILED = { status: 'failed', error: 'no luck' } as const
  const cases: readonly {
    readonly name: string
    readonly votes: readonly Accepted[]
    readonly purpose: CreationPurpose
    readonly replica?: Partial<ReplicaState>
    readonly abandoned?: readonly number[]
    readonly decision: string
  }[] = [
    { name: 'is free where nobody voted', votes: [], purpose: 'create', decision: 'fresh' },
    { name: 'has nothing to close where nobody voted', votes: [], purpose: 'void', decision: 'nothing' },
    { name: 'establishes what may be chosen', votes: chosen, purpose: 'create', decision: 'establish 1' },
    { name: 'never closes what may be chosen', votes: chosen, purpose: 'void', decision: 'establish 1' },
    {
      name: 'establishes what may be chosen even though its replica failed since',
      votes: chosen,
      purpose: 'create',
      replica: FAILED,
      abandoned: [1],
      decision: 'establish 1',
    },
    { name: 'goes on with what was reserved', votes: reserved, purpose: 'create', decision: 'reserve 1' },
    {
      name: 'establishes what has gathered, whatever it came for',
      votes: reserved,
      purpose: 'void',
      replica: GATHERED,
      decision: 'establish 1',
    },
    {
      name: 'replaces a cluster whose replica failed',
      votes: reserved,
      purpose: 'create',
      replica: FAILED,
      decision: 'fresh',
    },
    {
      name: 'replaces a cluster that it gave up',
      votes: reserved,
      purpose: 'create',
      abandoned: [1],
      decision: 'fresh',
    },
    {
      name: 'closes a generation whose cluster never gathered',
      votes: reserved,
      purpose: 'void',
      decision: 'establish void',
    },
  ]
  for (const { name, votes, purpose, replica, abandoned, decision } of cases) {
    test(name, () => {
      const context = contextOf(replica)
      const made = decide(context, stateOf(context, votes, purpose, abandoned))
      const about =
        'decree' in made ? ` ${isVoid(made.decree) ? 'void' : Number.parseInt(made.decree.clusterId, 16)}` : ''
      expect(`${made.kind}${about}`).toBe(decision)
    })
  }

  test('replaces a cluster with a replica on a node that is gone', () => {
    const context = contextOf()
    const [vote] = reserved
    if (vote === undefined) throw new Error('there is a vote')
    const replicas = vote.decree.replicas.map((replica) => ({ ...replica, peerId: 'NodeB' }))
    const elsewhere = { ...vote, decree: { ...vote.decree, replicas } }
    expect(decide(context, stateOf(context, [elsewhere], 'create')).kind).toBe('fresh')
    context.connected.add('NodeB')
    expect(decide(context, stateOf(context, [elsewhere], 'create')).kind).toBe('reserve')
  })
})
