import type { Invocation, Level, Outputs } from '../history/event.js'
import type { Operation } from '../history/operations.js'

type ReadOf<F extends keyof Outputs> = Operation & {
  readonly invocation: Extract<Operation['invocation'], { f: F }>
  readonly output: Outputs[F]
}

/** The reads of one kind that were answered. */
export const answered = <F extends keyof Outputs>(operations: readonly Operation[], f: F): readonly ReadOf<F>[] =>
  operations.filter((operation): operation is ReadOf<F> => operation.invocation.f === f && operation.outcome === 'ok')

/** Whether a read was promised to see everything that was acknowledged before it was called. */
export const isExact = (level: Level): boolean => level === 'strong' || level === 'linearizable'

/** The value by which readers know a write; undefined for reads. */
export const writtenValue = (invocation: Invocation): number | undefined => {
  switch (invocation.f) {
    case 'register.write':
    case 'list.append':
      return invocation.value
    case 'register.cas':
      return invocation.value[1]
    case 'bank.transfer':
      return invocation.value.id
    default:
      return undefined
  }
}

/** Operations by the thing they are about, in the order of the names. */
export const byKey = (operations: readonly Operation[]): ReadonlyMap<string, readonly Operation[]> => {
  const groups = new Map<string, Operation[]>()
  for (const operation of operations) {
    const { key } = operation.invocation
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [operation])
    else group.push(operation)
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** How an operation is named in a finding: its line in the history, what it was and how it ended. */
export const describe = ({ id, process, via, invocation, outcome, end, error }: Operation): string => {
  const { f, key, ...rest } = invocation
  const span = end === Number.POSITIVE_INFINITY ? `${id + 1}-` : `${id + 1}-${end + 1}`
  return `lines ${span} (process ${process}, ${via}): ${f} ${key} ${JSON.stringify(rest)} ${error ?? outcome}`
}
