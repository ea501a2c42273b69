import { expect, test } from '@jest/globals'
import { raftViewOf } from '../src/client/raft-view.js'

test.each([[undefined], [{}], [{ open: false }], [{ node_id: 'a', raft: {} }]])(
  'a store that is not open yet (%j) makes its replica unavailable, and is no fault of ours',
  (store) => {
    expect(() => raftViewOf(store)).toThrow(expect.objectContaining({ code: 'DATABASE_UNAVAILABLE', retryable: true }))
  },
)
