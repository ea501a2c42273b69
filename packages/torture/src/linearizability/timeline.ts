import type { Call } from './model.js'

/** A call's start or its end, in a list that is linked both ways so that a call is taken out and put back at once. */
export interface Entry {
  /** Index in the timeline's order. */
  readonly call: number
  readonly isEnd: boolean
  previous: Entry | undefined
  next: Entry | undefined
  /** The end that belongs to a start; none for an open call. */
  end: Entry | undefined
}

/** Starts and ends in the order of time. */
export interface Timeline<A> {
  /** Before the first entry. */
  readonly head: Entry
  /** The calls by start; open ones after all others. */
  readonly ordered: readonly Call<A>[]
}

/** Starts come before ends of the same moment: such calls overlap. */
export const createTimeline = <A>(calls: readonly Call<A>[]): Timeline<A> => {
  const isOpen = ({ end }: Call<A>): number => (end === Number.POSITIVE_INFINITY ? 1 : 0)
  const ordered = [...calls].sort((a, b) => isOpen(a) - isOpen(b) || a.start - b.start)
  const entries = ordered.flatMap((call, index) => {
    const start = { at: call.start, entry: newEntry(index, false) }
    if (isOpen(call) === 1) return [start]
    const end = { at: Math.max(call.start, call.end), entry: newEntry(index, true) }
    start.entry.end = end.entry
    return [start, end]
  })
  entries.sort((a, b) => a.at - b.at || Number(a.entry.isEnd) - Number(b.entry.isEnd))
  const head = newEntry(-1, false)
  let last = head
  for (const { entry } of entries) {
    last.next = entry
    entry.previous = last
    last = entry
  }
  return { head, ordered }
}

const newEntry = (call: number, isEnd: boolean): Entry => ({
  call,
  isEnd,
  previous: undefined,
  next: undefined,
  end: undefined,
})

/** Takes a call out of the list. Its entries remember where they stood. */
export const lift = (start: Entry): void => {
  bridge(start)
  if (start.end !== undefined) bridge(start.end)
}

/** Puts back the call that was lifted last. */
export const unlift = (start: Entry): void => {
  if (start.end !== undefined) restore(start.end)
  restore(start)
}

const bridge = ({ previous, next }: Entry): void => {
  if (previous !== undefined) previous.next = next
  if (next !== undefined) next.previous = previous
}

const restore = (entry: Entry): void => {
  if (entry.previous !== undefined) entry.previous.next = entry
  if (entry.next !== undefined) entry.next.previous = entry
}
