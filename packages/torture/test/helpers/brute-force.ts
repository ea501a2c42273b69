import type { Call, Model } from '../../src/linearizability/model.js'

/** Tries every order of every choice of open calls. Slow, and short enough to be believed. */
export const isLinearizable = <S extends string | number, A>(
  calls: readonly Call<A>[],
  model: Model<S, A>,
  state: S = model.initial,
): boolean => {
  if (calls.every(({ end }) => end === Number.POSITIVE_INFINITY)) return true
  return calls.some((call, at) => {
    const others = calls.filter((_, index) => index !== at)
    // Something else had ended before this one began.
    if (others.some((other) => other.end < call.start)) return false
    const after = model.step(state, call.action)
    return after !== undefined && isLinearizable(others, model, after)
  })
}
