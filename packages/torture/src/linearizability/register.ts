import type { Call, Model } from './model.js'

/** What is done to a register that holds a number or nothing. */
export type RegisterAction =
  | { readonly f: 'write'; readonly value: number }
  /** Sets `to` where `from` stood; without an end it may find another value, and do nothing. */
  | { readonly f: 'cas'; readonly from: number; readonly to: number; readonly surely: boolean }
  | { readonly f: 'read'; readonly value: number | null }

const EMPTY = 'empty'
const stateOf = (value: number | null): string => (value === null ? EMPTY : String(value))

export const REGISTER_MODEL: Model<string, RegisterAction> = {
  initial: EMPTY,
  step: (state, action) => {
    switch (action.f) {
      case 'write':
        return stateOf(action.value)
      case 'cas':
        if (state === stateOf(action.from)) return stateOf(action.to)
        return action.surely ? undefined : state
      case 'read':
        return state === stateOf(action.value) ? state : undefined
    }
  },
}

/** A register's calls with the model that judges them. */
export interface PreparedRegister {
  readonly calls: readonly Call<RegisterAction>[]
  readonly model: Model<string, RegisterAction>
}

/**
 * Uses that no value is written twice, where that is so: a value that is overwritten never comes back. So a write is
 * tried only when everybody who saw the value before it has had it, which spares the search nearly all of its detours.
 *
 * And no call stays open. One whose value nobody saw is left out: if an order exists with it, it exists without, since
 * nothing stood between it and the next write. One whose value was seen took effect before the first who saw it ended.
 */
export const prepareRegister = (calls: readonly Call<RegisterAction>[]): PreparedRegister => {
  const written = calls.flatMap(({ action }) => writtenBy(action) ?? [])
  if (new Set(written).size < written.length) return { calls, model: REGISTER_MODEL }
  const settled = settle(calls)
  return { calls: settled, model: observedModel(settled) }
}

const writtenBy = (action: RegisterAction): number | undefined =>
  action.f === 'write' ? action.value : action.f === 'cas' ? action.to : undefined

/** The value that a call proves to have stood there. */
const seenBy = (action: RegisterAction): number | null | undefined =>
  action.f === 'read' ? action.value : action.f === 'cas' && action.surely ? action.from : undefined

const isOpen = ({ end }: Call<RegisterAction>): boolean => end === Number.POSITIVE_INFINITY

/** An open swap whose value was seen has itself seen a value, which may settle another: so again until nothing changes. */
const settle = (calls: readonly Call<RegisterAction>[]): readonly Call<RegisterAction>[] => {
  const seenAt = new Map<number | null, number>()
  for (const { action, end } of calls) {
    const value = seenBy(action)
    if (value !== undefined && end < (seenAt.get(value) ?? Number.POSITIVE_INFINITY)) seenAt.set(value, end)
  }
  let changed = false
  const next = calls.map((call) => {
    const value = writtenBy(call.action)
    const end = value === undefined ? undefined : seenAt.get(value)
    if (end === undefined || !isOpen(call)) return call
    changed = true
    return { start: call.start, end, action: call.action.f === 'cas' ? { ...call.action, surely: true } : call.action }
  })
  return changed ? settle(next) : next.filter((call) => !isOpen(call))
}

/** The state is the value and how many who saw it have not had their turn. */
const observedModel = (calls: readonly Call<RegisterAction>[]): Model<string, RegisterAction> => {
  const observers = new Map<string, number>()
  for (const { action } of calls) {
    const value = seenBy(action)
    if (value !== undefined) observers.set(stateOf(value), (observers.get(stateOf(value)) ?? 0) + 1)
  }
  const full = (value: string): string => `${value}/${observers.get(value) ?? 0}`
  return {
    initial: full(EMPTY),
    step: (state, action) => {
      const [value, left] = state.split('/') as [string, string]
      switch (action.f) {
        case 'write':
          return left === '0' ? full(stateOf(action.value)) : undefined
        case 'cas':
          return left === '1' && value === stateOf(action.from) ? full(stateOf(action.to)) : undefined
        case 'read':
          return value === stateOf(action.value) && left !== '0' ? `${value}/${Number(left) - 1}` : undefined
      }
    },
  }
}
