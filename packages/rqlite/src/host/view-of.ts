import type { RqliteClient } from '../client/rqlite-client.js'
import type { RaftView } from '../client/types.js'

/** An rqlited of this machine that takes longer to tell of itself counts as not answering. */
export const VIEW_LIMIT_MS = 2_000

/** How a replica sees its Raft; undefined when it doesn't answer. */
export const viewOf = (client: RqliteClient): Promise<RaftView | undefined> =>
  client.status({ timeoutMs: VIEW_LIMIT_MS }).catch(() => undefined)
