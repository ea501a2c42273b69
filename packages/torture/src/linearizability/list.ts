import type { Call, Model } from './model.js'

/** What is done to a list that only grows. */
export type ListAction =
  | { readonly f: 'append'; readonly value: number }
  | { readonly f: 'read'; readonly values: readonly number[] }

/** The plain model: the list itself. Its states are long; {@link prepareList} makes short ones. */
export const LIST_MODEL: Model<string, ListAction> = {
  initial: '',
  step: (state, action) => {
    if (action.f === 'append') return `${state}${action.value},`
    return state === action.values.map((value) => `${value},`).join('') ? state : undefined
  },
}

/** A list's calls with the model that judges them, or what is wrong with them before any search. */
export type PreparedList =
  | { readonly calls: readonly Call<ListAction>[]; readonly model: Model<number, ListAction> }
  | { readonly contradiction: string }

/**
 * Uses that the longest read tells the order of everything in it: all other reads must be beginnings of it, and an append
 * has one place only. So the state is a length. Appends that no read saw come after it; open ones among them are left out,
 * and open ones that were seen had taken effect when the first who saw them had ended.
 */
export const prepareList = (calls: readonly Call<ListAction>[]): PreparedList => {
  const reads = calls.flatMap((call) => (call.action.f === 'read' ? [{ ...call, values: call.action.values }] : []))
  const longest = reads.reduce<readonly number[]>(
    (best, { values }) => (values.length > best.length ? values : best),
    [],
  )
  const places = new Map(longest.map((value, at) => [value, at]))
  if (places.size < longest.length) return { contradiction: `a value stands twice in [${longest.join(' ')}]` }
  for (const { values } of reads) {
    const at = values.findIndex((value, index) => value !== longest[index])
    if (at >= 0) return { contradiction: `two reads differ at position ${at}: ${values[at]} and ${longest[at]}` }
  }
  const appended = new Set(calls.flatMap(({ action }) => (action.f === 'append' ? [action.value] : [])))
  const unknown = longest.find((value) => !appended.has(value))
  if (unknown !== undefined)
    return { contradiction: `${unknown} was read, but nobody appended it, or certainly failed to` }
  const seenAt = firstSeen(longest, reads)
  const settled = calls.flatMap((call) => {
    if (call.action.f !== 'append' || call.end !== Number.POSITIVE_INFINITY) return [call]
    const place = places.get(call.action.value)
    return place === undefined ? [] : [{ ...call, end: seenAt[place] ?? call.end }]
  })
  return { calls: settled, model: lengthModel(longest.length, places) }
}

/** For each position, when the first read that reached it had ended. */
const firstSeen = (
  longest: readonly number[],
  reads: readonly { readonly values: readonly number[]; readonly end: number }[],
): readonly number[] => {
  const seenAt = longest.map(() => Number.POSITIVE_INFINITY)
  for (const { values, end } of reads) {
    const at = values.length - 1
    if (at >= 0) seenAt[at] = Math.min(seenAt[at] ?? end, end)
  }
  for (let at = seenAt.length - 2; at >= 0; at -= 1) {
    seenAt[at] = Math.min(seenAt[at] as number, seenAt[at + 1] as number)
  }
  return seenAt
}

/** One more than the longest read stands for every longer list: no read saw one. */
const lengthModel = (longest: number, places: ReadonlyMap<number, number>): Model<number, ListAction> => ({
  initial: 0,
  step: (state, action) => {
    if (action.f === 'read') return action.values.length === state ? state : undefined
    const place = places.get(action.value)
    if (place === undefined) return state >= longest ? longest + 1 : undefined
    return place === state ? state + 1 : undefined
  },
})
