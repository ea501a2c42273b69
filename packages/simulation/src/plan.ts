/** What a run is made of and can do without, one by one. */
export const PLAN_PARTS = ['fault', 'wish', 'query'] as const
export type PlanPart = (typeof PLAN_PARTS)[number]

/** Parts that are left out, by their place in the run. */
export type Cuts = Readonly<Record<PlanPart, ReadonlySet<number>>>

export const NO_CUTS: Cuts = { fault: new Set(), wish: new Set(), query: new Set() }

/** Counts the parts of a run as they come, and leaves some out: what remains of a finding shows what it takes. */
export class Plan {
  readonly #cuts: Cuts
  readonly #counts: Record<PlanPart, number> = { fault: 0, wish: 0, query: 0 }

  constructor(cuts: Cuts = NO_CUTS) {
    this.#cuts = cuts
  }

  /** Whether the next part of this kind takes place. */
  admits(part: PlanPart): boolean {
    this.#counts[part] += 1
    return !this.#cuts[part].has(this.#counts[part])
  }

  /** How many parts of each kind came up, those left out included. */
  get counts(): Readonly<Record<PlanPart, number>> {
    return this.#counts
  }
}

/** `fault:1,2,5-9 query:3`; nothing for no cuts. */
export const formatCuts = (cuts: Cuts): string =>
  PLAN_PARTS.flatMap((part) => {
    const ranges = rangesOf([...cuts[part]].sort((a, b) => a - b))
    return ranges.length === 0 ? [] : [`${part}:${ranges.join(',')}`]
  }).join(' ')

/** @throws RangeError for a text that {@link formatCuts} does not make */
export const parseCuts = (text: string): Cuts => {
  const cuts = { fault: new Set<number>(), wish: new Set<number>(), query: new Set<number>() }
  for (const group of text.split(' ').filter((word) => word !== '')) {
    const [part, list] = group.split(':')
    const known = PLAN_PARTS.find((name) => name === part)
    if (known === undefined || list === undefined) throw new RangeError(`"${group}" is not like fault:1,5-9`)
    for (const range of list.split(',')) {
      const [first = Number.NaN, last = first] = range.split('-').map(Number)
      if (!Number.isInteger(first) || !Number.isInteger(last)) throw new RangeError(`"${range}" is no range`)
      for (let index = first; index <= last; index += 1) cuts[known].add(index)
    }
  }
  return cuts
}

const rangesOf = (sorted: readonly number[]): string[] => {
  const ranges: [number, number][] = []
  for (const index of sorted) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === index - 1) last[1] = index
    else ranges.push([index, index])
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
}
