import { type Cuts, NO_CUTS, PLAN_PARTS, type PlanPart } from './plan.js'
import type { RunReport, Simulator } from './run.js'
import type { Scenario } from './scenario.js'

/** Runs spent on one finding at most. */
const RUNS_MAX = 400

/** The smallest run that was found to break the same promise. */
export interface Shrunk {
  readonly report: RunReport
  readonly cuts: Cuts
  /** Nodes, where fewer than the scenario's own do. */
  readonly nodes: number | undefined
  readonly runs: number
}

/** What a violation says, whichever node, id, key or number it says it of. */
const kindOf = ({ violation }: RunReport): string | undefined =>
  violation?.split('\n')[0]?.replaceAll(/\b(Node[A-Z]|app_\w+|[0-9a-f]{32}|[qr]\d+|\d+(\.\d+)?)\b/g, '·')

/**
 * Makes a finding smaller: leaves out ever smaller pieces of its faults, wishes and queries, then nodes, and keeps what
 * still breaks the same promise (delta debugging; Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing
 * Input"). What is left out changes chance for the rest, so the result is small, not the smallest there is.
 */
export const shrink = (simulate: Simulator, scenario: Scenario, found: RunReport): Shrunk => {
  let best: Shrunk = { report: found, cuts: NO_CUTS, nodes: undefined, runs: 0 }
  const attempt = (change: Partial<Pick<Shrunk, 'cuts' | 'nodes'>>): boolean => {
    if (best.runs >= RUNS_MAX) return false
    const next = { ...best, ...change, runs: best.runs + 1 }
    const options = { cuts: next.cuts, ...(next.nodes === undefined ? {} : { nodes: next.nodes }) }
    const report = simulate(scenario, found.seed, options)
    const isSame = kindOf(report) === kindOf(found)
    best = isSame ? { ...next, report } : { ...best, runs: next.runs }
    return isSame
  }
  let before: Cuts | undefined
  while (before !== best.cuts && best.runs < RUNS_MAX) {
    before = best.cuts
    for (const part of PLAN_PARTS) leaveOut(part, () => best, attempt)
  }
  for (let nodes = found.nodes - 1; nodes >= 1; nodes -= 1) if (!attempt({ nodes })) break
  return best
}

const leaveOut = (part: PlanPart, best: () => Shrunk, attempt: (change: { readonly cuts: Cuts }) => boolean): void => {
  const remaining = (): number[] =>
    Array.from({ length: best().report.counts[part] }, (_, index) => index + 1).filter(
      (index) => !best().cuts[part].has(index),
    )
  for (let size = remaining().length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < remaining().length; ) {
      const piece = remaining().slice(at, at + size)
      const { cuts } = best()
      if (!attempt({ cuts: { ...cuts, [part]: new Set([...cuts[part], ...piece]) } })) at += size
    }
  }
}
