import type { Accepted, AcceptorEntry } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { accept, end, learn, promise } from '../src/core/consensus/acceptor.js'
import { mustPropose } from '../src/core/consensus/proposal.js'
import { ballotOf, clusterIdOf, decreeOf, voteOf } from './support/decrees.js'
import { Ballots, SimpleAcceptor } from './support/simple-acceptor.js'

const NAME = 'app_users'
const slotOf = (round: number, proposer = 'NodeA', generation = 1) => ({
  name: NAME,
  generation,
  ballot: ballotOf(round, proposer),
})

/** One move of a schedule: what a proposer says, and whom it reaches (bit by bit). */
interface Move {
  readonly kind: 'restart' | 'prepare' | 'reserve' | 'establish'
  readonly proposer: number
  readonly reach: number
}
const schedules = fc.array(
  fc.record({
    kind: fc.constantFrom<Move['kind']>('restart', 'prepare', 'prepare', 'reserve', 'establish', 'establish'),
    proposer: fc.nat({ max: 2 }),
    reach: fc.integer({ min: 1, max: 31 }),
  }),
  { minLength: 10, maxLength: 60 },
)

/** A proposer that follows the rules: it proposes what it must, else a cluster of its own, one per ballot. */
class Proposer {
  round = 0
  readonly #name: string
  readonly #majority: number
  readonly #newCluster: () => number
  #promises = new Map<number, Accepted | undefined>()
  #decree: ReturnType<typeof decreeOf> | undefined
  #reserved = new Set<number>()

  constructor(name: string, majority: number, newCluster: () => number) {
    this.#name = name
    this.#majority = majority
    this.#newCluster = newCluster
  }

  get ballot(): ReturnType<typeof ballotOf> {
    return ballotOf(this.round, this.#name)
  }

  begin(round: number): void {
    this.round = round
    this.#promises = new Map()
    this.#reserved = new Set()
    this.#decree = undefined
  }

  promised(acceptor: number, accepted: Accepted | undefined): void {
    this.#promises.set(acceptor, accepted)
  }

  reserved(acceptor: number): void {
    this.#reserved.add(acceptor)
  }

  /** What may be said in phase 2, if anything yet. */
  proposal(established: boolean): ReturnType<typeof decreeOf> | undefined {
    if (this.#promises.size < this.#majority) return undefined
    const votes = [...this.#promises.values()].flatMap((vote) => vote ?? [])
    const must = mustPropose(votes)
    this.#decree ??= must ?? decreeOf(this.#newCluster(), this.ballot)
    // Without a cluster that may be chosen already, replicas must gather before anything is established.
    if (established && must === undefined && this.#reserved.size < this.#majority) return undefined
    return this.#decree
  }
}

/** Acceptors, proposers, and nothing in between. */
class PaxosWorld {
  readonly ballots: Ballots
  readonly #memory = new Map<number, AcceptorEntry>()
  readonly #proposers: readonly Proposer[]
  readonly #size: number
  #clusters = 0

  constructor(size: number) {
    this.#size = size
    this.ballots = new Ballots(size)
    const newCluster = (): number => {
      this.#clusters += 1
      return this.#clusters
    }
    this.#proposers = ['NodeA', 'NodeB', 'NodeC'].map(
      (name) => new Proposer(name, Math.floor(size / 2) + 1, newCluster),
    )
  }

  play({ kind, proposer: index, reach }: Move): void {
    const proposer = this.#proposers[index]
    if (proposer === undefined) return
    // Rounds overlap: two proposers may well use the same one.
    if (kind === 'restart' || proposer.round === 0) return proposer.begin(proposer.round + 1 + (reach % 3))
    for (let at = 0; at < this.#size; at += 1) if ((reach >> at) & 1) this.#say(kind, proposer, at)
  }

  #say(kind: Exclude<Move['kind'], 'restart'>, proposer: Proposer, at: number): void {
    const slot = { name: NAME, generation: 1, ballot: proposer.ballot }
    if (kind === 'prepare') {
      const verdict = promise(this.#memory.get(at), slot)
      if (!verdict.granted) return
      this.#memory.set(at, verdict.entry)
      return proposer.promised(at, verdict.entry.accepted)
    }
    const established = kind === 'establish'
    const decree = proposer.proposal(established)
    if (decree === undefined) return
    const verdict = accept(this.#memory.get(at), slot, { decree, established })
    if (!verdict.granted) return
    this.#memory.set(at, verdict.entry)
    if (established) this.ballots.cast(slot.ballot, decree.clusterId, at)
    else proposer.reserved(at)
  }
}

describe('acceptors', () => {
  test('never let two clusters be chosen, whatever the schedule of promises, reservations, votes and restarts', () => {
    fc.assert(
      fc.property(schedules, fc.constantFrom(3, 3, 4, 5), (schedule, size) => {
        const world = new PaxosWorld(size)
        for (const move of schedule) world.play(move)
        expect(world.ballots.chosen.size).toBeLessThanOrEqual(1)
      }),
      { numRuns: 3_000 },
    )
  })

  test('answer like the simplest acceptor there is, as long as every vote is for good', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            phase: fc.constantFrom(1, 2),
            round: fc.integer({ min: 1, max: 6 }),
            by: fc.constantFrom('NodeA', 'NodeB'),
          }),
          { maxLength: 60 },
        ),
        (schedule) => {
          const simple = new SimpleAcceptor<string>()
          let entry: AcceptorEntry | undefined
          for (const { phase, round, by } of schedule) {
            const slot = slotOf(round, by)
            // One value per ballot, as proposers have it.
            const decree = decreeOf(round * 2 + (by === 'NodeA' ? 0 : 1), slot.ballot)
            const verdict = phase === 1 ? promise(entry, slot) : accept(entry, slot, { decree, established: true })
            if (phase === 1) expect(verdict.granted).toBe(simple.prepare(slot.ballot) !== undefined)
            else expect(verdict.granted).toBe(simple.accept(slot.ballot, decree.clusterId))
            if (verdict.granted) entry = verdict.entry
            expect(entry?.accepted?.decree.clusterId).toBe(simple.accepted?.value)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  test('promise a ballot once, and only one above all before', () => {
    const first = promise(undefined, slotOf(2))
    if (!first.granted) throw new Error('a fresh acceptor refused')
    expect(promise(first.entry, slotOf(2))).toMatchObject({
      granted: false,
      why: 'promisedHigher',
      highest: ballotOf(2),
    })
    expect(promise(first.entry, slotOf(1, 'NodeZ'))).toMatchObject({ granted: false })
    expect(promise(first.entry, slotOf(2, 'NodeB'))).toMatchObject({ granted: true })
  })

  test('keep a vote for good through a later reservation of the same cluster', () => {
    const first = accept(undefined, slotOf(1), { decree: decreeOf(7), established: true })
    if (!first.granted) throw new Error('a fresh acceptor refused')
    const second = accept(first.entry, slotOf(2), { decree: decreeOf(7), established: false })
    expect(second).toMatchObject({ granted: true, entry: { accepted: { established: true, ballot: ballotOf(2) } } })
  })

  test('know nothing but the end of a generation that ended, and begin anew with the next', () => {
    const ended = end(undefined, { name: NAME, generation: 1 })
    expect(promise(ended, slotOf(9))).toEqual({ granted: false, why: 'ended' })
    expect(accept(ended, slotOf(9), { decree: decreeOf(1), established: true })).toEqual({
      granted: false,
      why: 'ended',
    })
    const next = promise(ended, slotOf(1, 'NodeA', 2))
    expect(next).toMatchObject({ granted: true, entry: { generation: 2, deleted: false } })
    if (!next.granted) throw new Error('the next generation was refused')
    expect(promise(next.entry, slotOf(99))).toEqual({ granted: false, why: 'newerGeneration' })
    expect(end(next.entry, { name: NAME, generation: 1 })).toBe(next.entry)
  })
})

describe('learning from another memory', () => {
  const entry = (generation: number, round: number, accepted?: Accepted): AcceptorEntry => ({
    name: NAME,
    generation,
    promised: ballotOf(round),
    deleted: false,
    ...(accepted === undefined ? {} : { accepted }),
  })

  test('takes the later generation, the higher promise, the later vote, and every end', () => {
    expect(learn(entry(1, 5), entry(2, 1))).toEqual(entry(2, 1))
    expect(learn(entry(2, 1), entry(1, 5))).toEqual(entry(2, 1))
    expect(learn(entry(1, 3, voteOf(2, 1, false)), entry(1, 2, voteOf(1, 2, true)))).toMatchObject({
      promised: ballotOf(3),
      accepted: { decree: { clusterId: clusterIdOf(1) } },
    })
    expect(learn(entry(1, 1), { ...entry(1, 1), deleted: true }).deleted).toBe(true)
  })

  test('keeps that a cluster is for good when the later vote for it was a reservation', () => {
    const learnt = learn(entry(1, 3, voteOf(3, 1, false)), entry(1, 2, voteOf(2, 1, true)))
    expect(learnt.accepted).toMatchObject({ ballot: ballotOf(3), established: true })
  })

  test('does not depend on the order, nor on how often', () => {
    const arbitrary = fc
      .record({
        generation: fc.integer({ min: 1, max: 2 }),
        promised: fc.nat({ max: 3 }),
        round: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
        established: fc.boolean(),
        deleted: fc.boolean(),
      })
      .map(({ generation, promised, round, established, deleted }) => ({
        // One cluster per round, as proposers have it.
        ...entry(generation, promised, round === undefined ? undefined : voteOf(round, round, established)),
        deleted,
      }))
    fc.assert(
      fc.property(arbitrary, arbitrary, arbitrary, (a, b, c) => {
        expect(learn(learn(a, b), c)).toEqual(learn(a, learn(b, c)))
        expect(learn(a, b)).toEqual(learn(b, a))
        expect(learn(a, a)).toEqual(a)
      }),
      { numRuns: 500 },
    )
  })
})
