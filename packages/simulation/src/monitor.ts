import type { CoordinatorEffect } from '@dbcluster/coordinator'
import type { NodeMessage, Roster } from '@dbcluster/protocol'
import { checkDurable } from './checks/durability.js'
import { Knowledge } from './checks/knowledge.js'
import { Outcomes } from './checks/outcomes.js'
import { checkSetAside, checkSpawn } from './checks/spawns.js'
import { Votes } from './checks/votes.js'
import type { Directory } from './model/directory.js'
import type { ClusterRecord } from './model/raft/cluster-ledger.js'
import type { RaftLog } from './model/raft/raft-log.js'
import type { StartReplica } from './model/start-replica.js'
import type { Observer, SimNode } from './sim-node.js'
import type { World } from './world.js'

/** A promise of the design that a run broke. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly invariant: string

  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`)
    this.invariant = invariant
  }
}

type AnswerEffect = Extract<CoordinatorEffect, { type: 'answer' }>

/** Checks the invariants as things happen: each effect, each write to a disk, each process started. */
export class Monitor implements Observer {
  /** Whoever waits for an answer. */
  onAnswer: (node: SimNode, effect: AnswerEffect) => void = () => {}
  /** Whoever wants to strike at a certain moment. */
  onSent: (node: SimNode, message: NodeMessage) => void = () => {}
  onCrash: (node: SimNode) => void = () => {}
  /** A replica went on alone, by an operator's word, with this log. */
  onRecovered: (record: ClusterRecord, log: RaftLog) => void = () => {}
  /** Sees every effect, for a trace of the run. */
  trace: (line: () => string) => void = () => {}
  readonly votes: Votes
  readonly outcomes: Outcomes
  readonly knowledge: Knowledge
  readonly #world: World
  readonly #isWellFormed: (message: NodeMessage) => boolean

  constructor(world: World, isWellFormed: (message: NodeMessage) => boolean) {
    this.#world = world
    this.#isWellFormed = isWellFormed
    this.knowledge = new Knowledge(world, (message) => this.fail('I1 memory', message))
    this.outcomes = new Outcomes(world, (invariant, message) => this.fail(invariant, message))
    this.votes = new Votes({
      fail: (invariant, message) => this.fail(invariant, message),
      onChosen: (slot) => {
        this.outcomes.chosen(slot)
        this.knowledge.add(slot)
      },
    })
  }

  fail(invariant: string, message: string): never {
    throw new Violation(invariant, message)
  }

  performed(node: SimNode, effect: CoordinatorEffect): void {
    this.#trace(node, effect)
    checkDurable(node, effect, (message) => this.fail('durable first', message))
    if ((effect.type === 'send' || effect.type === 'publish') && !this.#isWellFormed(effect.message))
      this.fail('well-formed', `${node.peerId} says what every receiver drops: ${JSON.stringify(effect.message)}`)
    switch (effect.type) {
      case 'send':
        return this.#sent(node, effect.message)
      case 'recordChanged':
        return this.outcomes.recordChanged(node, effect.record)
      case 'answer':
        this.outcomes.answered(node, effect)
        return this.onAnswer(node, effect)
      default:
        return
    }
  }

  stored(key: string, value: unknown): void {
    if (key !== 'roster') return
    this.votes.learnRoster(value as Roster)
    this.knowledge.learnRoster(value as Roster)
  }

  crashed(node: SimNode): void {
    this.trace(() => `${node.peerId} *** process died`)
    this.onCrash(node)
  }

  /** A process makes a new Raft cluster. */
  bootstrapped(peerId: string, { name, decree }: StartReplica): void {
    const { clusterId } = decree
    if ((this.#world.fabric.record(clusterId)?.bootstraps ?? 0) > 0)
      this.fail('I1 one bootstrap', `${name}: cluster ${clusterId} is bootstrapped again, on ${peerId}`)
    if (!this.votes.isReserved(clusterId))
      this.fail('I1 reserved first', `${name}: ${peerId} bootstraps ${clusterId}, which no majority accepted`)
  }

  /** A process of a replica is about to exist. */
  spawned(peerId: string, start: StartReplica, directory: Directory): void {
    checkSpawn(this.#world, peerId, start, directory, (invariant, message) => this.fail(invariant, message))
  }

  /** A directory is about to be moved out of the way. */
  setAside(peerId: string, name: string, directory: Directory): void {
    const node = this.#world.nodes.find((other) => other.peerId === peerId)
    if (node !== undefined)
      checkSetAside(this.#world, node, name, directory, (invariant, message) => this.fail(invariant, message))
  }

  #sent(node: SimNode, message: NodeMessage): void {
    if (message.type === 'DATABASE_CREATE_ACCEPTED' && message.accepted) this.votes.cast(node, message)
    if (message.type === 'NODE_ROSTER_ACCEPTED' && message.accepted) this.votes.castRoster(node, message)
    if (message.type === 'DATABASE_CREATE_REQUEST') this.votes.proposed(node, message)
    if (message.type === 'DATABASE_DELETE_RESPONSE' && message.done) this.votes.castEnd(node, message)
    this.onSent(node, message)
  }

  #trace(node: SimNode, effect: CoordinatorEffect): void {
    this.trace(() => {
      const { type, ...rest } = effect
      const text = effect.type === 'send' ? `-> ${effect.to} ${JSON.stringify(effect.message)}` : JSON.stringify(rest)
      return `${node.peerId} ${type} ${text.length > 900 ? `${text.slice(0, 900)}…` : text}`
    })
  }
}
