import type { CoreContext } from './context.js'
import type { CoordinatorEvent } from './events.js'

/** Writes or revokes an API key, and tells everybody at once: a revocation that only some know is none. */
export const putKey = (
  context: CoreContext,
  { askId, id, grant }: Extract<CoordinatorEvent, { type: 'keyAsked' }>,
): void => {
  const changed = grant === undefined ? context.table.putRevocation(id) : context.table.putGrant(id, grant)
  if (changed !== undefined) context.keep([changed], { directly: context.liveMembers() })
  const record = context.table.key(id)
  if (record !== undefined) context.emit({ type: 'keyAnswered', askId, record })
}
