import { DbClusterError } from '@dbcluster/protocol'
import { describeDeclines } from '../consensus/proposal.js'
import type { CoreContext } from '../context.js'
import { type CreationState, usableOffers } from './creation-state.js'

/** Too few nodes promised, or offered room, with what each of the others said. */
export const tooFewNodes = (context: CoreContext, state: CreationState): DbClusterError => {
  const need = context.config.replicationFactor
  const got = usableOffers(state).length
  const members = context.roster?.members.map((member) => member.peerId) ?? []
  const silent = members.filter((peerId) => !state.tally.promises.has(peerId) && !state.tally.refused.has(peerId))
  const refused = members.filter((peerId) => !state.tally.promises.has(peerId) && state.tally.refused.has(peerId))
  const declines = describeDeclines(state.tally.declined)
  const reasons = [
    ...(declines === '' ? [] : [`declined: ${declines}`]),
    ...(refused.length === 0 ? [] : [`refused by ${refused.join(', ')}`]),
    ...(silent.length === 0 ? [] : [`no answer from ${silent.join(', ')}`]),
    ...(members.length < need ? [`the network has ${members.length} node${members.length === 1 ? '' : 's'}`] : []),
    ...(state.lastError === undefined ? [] : [`a replica failed: ${state.lastError}`]),
  ]
  return new DbClusterError(
    'INSUFFICIENT_NODES',
    `insufficient nodes responded: got ${got}, need ${need}${reasons.length === 0 ? '' : ` (${reasons.join('; ')})`}`,
    {
      hint: `start more nodes or bring back those that are down, raise database.max_databases or the port ranges on full ones, or set database.replication_factor to at most ${Math.max(1, members.length)}`,
      details: {
        got,
        need,
        offered: state.tally.offers.map((offer) => offer.peerId),
        silent,
        declined: Object.fromEntries(state.tally.declined),
      },
    },
  )
}

/** Every attempt ended without a cluster that gathered. */
export const gaveUp = (context: CoreContext, state: CreationState, attempts: number): DbClusterError => {
  const why =
    state.lastError ??
    `its replicas did not gather within ${context.config.creationTimeoutMs} ms (phase ${state.phase})`
  return new DbClusterError('CREATION_FAILED', `creating ${state.name} failed: ${why}`, {
    hint: 'see the log of the nodes that were to hold a replica; the next request tries again from the start',
    details: { database: state.name, attempts, failures: Object.fromEntries(state.failures) },
  })
}

/** This node may not propose: it is no acceptor. */
export const notAdmitted = (name: string): DbClusterError =>
  new DbClusterError('NOT_ADMITTED', `this node cannot create ${name}: it is not yet admitted to its network`, {
    hint: 'it keeps asking its bootstrap peers; check that one of discovery.bootstrap_peers can be reached and that a majority of the network is up',
  })

/** A queue with a bound is full. */
export const overloaded = (what: string, bound: number): DbClusterError =>
  new DbClusterError('OVERLOADED', `${bound} ${what} already`, { hint: 'try again in a moment' })
