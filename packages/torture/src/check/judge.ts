import type { HistoryEvent } from '../history/event.js'
import { operationsOf } from '../history/operations.js'
import { checkAcknowledged } from './acknowledged.js'
import { checkBank } from './bank.js'
import { checkLinearizable } from './linearizable.js'
import { checkProblems } from './problems.js'
import { checkReplicas } from './replicas.js'
import { checkSeenValues } from './seen-values.js'
import { checkStaleness } from './staleness.js'
import type { Verdict } from './verdict.js'

/** Judges a whole history by every check. @throws Error when it is no history of a whole run */
export const judge = (events: readonly HistoryEvent[]): readonly Verdict[] => {
  const header = events.find((event) => event.type === 'run')
  if (header?.type !== 'run') throw new Error('the history does not begin with what the run was made of')
  const operations = operationsOf(events)
  const quiet = events.findIndex(({ type }) => type === 'quiet')
  return [
    checkLinearizable(operations),
    checkAcknowledged(operations, quiet < 0 ? Number.POSITIVE_INFINITY : quiet),
    checkSeenValues(operations),
    checkBank(operations, header.run),
    checkStaleness(operations, events),
    checkReplicas(operations, header.run.databases),
    checkProblems(operations, events),
  ]
}
