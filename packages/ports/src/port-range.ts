/** Ports from `start` to `end`, both included. */
export interface PortRange {
  readonly start: number
  readonly end: number
}

/** How many ports a range has. */
export const rangeSize = ({ start, end }: PortRange): number => end - start + 1

/** Whether a port lies in a range. */
export const inRange = ({ start, end }: PortRange, port: number): boolean => port >= start && port <= end

/**
 * The ports of a range from a random one on, round and round: every start is as likely, and a full walk meets each
 * port once.
 */
export function* portsFrom(range: PortRange, random: () => number): Generator<number> {
  const size = rangeSize(range)
  const offset = Math.min(size - 1, Math.floor(random() * size))
  for (let step = 0; step < size; step += 1) yield range.start + ((offset + step) % size)
}
