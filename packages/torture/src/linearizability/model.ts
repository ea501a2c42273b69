/** An operation on one object, as the search needs it. */
export interface Call<A> {
  /** When it was called and when it had ended; infinite for one that may take effect at any time, or never. */
  readonly start: number
  readonly end: number
  readonly action: A
}

/**
 * An object that does one thing after the other. An open call (one without an end) must be possible in every state: the
 * search lets it take effect late, which stands for never.
 */
export interface Model<S extends string | number, A> {
  readonly initial: S
  /** The state afterwards; undefined when the action, with the answer it got, is impossible in this state. */
  step(state: S, action: A): S | undefined
}
