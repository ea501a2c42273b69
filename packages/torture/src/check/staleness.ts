import type { HistoryEvent } from '../history/event.js'
import type { Operation } from '../history/operations.js'
import { answered, byKey, describe, writtenValue } from './reads.js'
import { Findings, type Verdict } from './verdict.js'

/**
 * How old the news may be that a `weak` read lacks. A leader that was voted out serves such reads until its lease is over
 * (0.2 s in the timing profile of these runs); the rest is for a machine that is busy.
 */
export const WEAK_STALE_MAX_MS = 2_000

/** Faults that stop a process's clock, so that the lease of a leader voted out meanwhile ends later. */
const STOPS_CLOCKS = /pause/

/**
 * `weak` reads lack what was acknowledged before they were called only around an election; `none` may lack anything, so
 * it is only measured. That both show nothing that nobody wrote is checked elsewhere.
 */
export const checkStaleness = (operations: readonly Operation[], events: readonly HistoryEvent[]): Verdict => {
  const findings = new Findings()
  const pauses = pausesOf(events)
  const stale = { weak: { count: 0, maxMs: 0 }, none: { count: 0, maxMs: 0 } }
  let judged = 0
  for (const [key, own] of byKey(operations)) {
    for (const { read, level, missedAt } of reads(own)) {
      judged += level === 'weak' ? 1 : 0
      if (missedAt === undefined) continue
      const ageMs = (read.calledAt - missedAt) / 1_000
      stale[level].count += 1
      stale[level].maxMs = Math.max(stale[level].maxMs, ageMs)
      const allowedMs = WEAK_STALE_MAX_MS + pausedMs(pauses, missedAt, read.endedAt)
      if (level === 'weak' && ageMs > allowedMs) {
        findings.add(`${key}: what was acknowledged ${Math.round(ageMs)} ms before is missing in ${describe(read)}`)
      }
    }
  }
  if (judged === 0) findings.add('there was no weak read to judge')
  const tell = ({ count, maxMs }: { count: number; maxMs: number }): string =>
    `${count} stale, by ${Math.round(maxMs)} ms at most`
  return findings.verdict(
    'weak reads are stale around elections only',
    judged,
    `weak: ${tell(stale.weak)}; none: ${tell(stale.none)}`,
  )
}

interface LooseRead {
  readonly read: Operation
  readonly level: 'weak' | 'none'
  /** When the first thing that it lacks was acknowledged. */
  readonly missedAt: number | undefined
}

const reads = (own: readonly Operation[]): readonly LooseRead[] => {
  const acknowledged = own.filter(({ outcome }) => outcome === 'ok')
  const first = (missed: readonly Operation[]): number | undefined =>
    missed.length === 0 ? undefined : Math.min(...missed.map(({ endedAt }) => endedAt))
  const lists = answered(own, 'list.read').flatMap(({ output, ...read }): readonly LooseRead[] => {
    const { level } = read.invocation
    if (level !== 'weak' && level !== 'none') return []
    const has = new Set(output)
    const missed = acknowledged.filter(
      ({ invocation: other, end }) => other.f === 'list.append' && end < read.id && !has.has(other.value),
    )
    return [{ read: { ...read, output }, level, missedAt: first(missed) }]
  })
  const writes = acknowledged.filter(({ invocation: { f } }) => f === 'register.write' || f === 'register.cas')
  const registers = answered(own, 'register.read').flatMap((read): readonly LooseRead[] => {
    const { level } = read.invocation
    if (level !== 'weak' && level !== 'none') return []
    const writer = own.find(({ invocation }) => writtenValue(invocation) === read.output)
    // After an open write anything may come; before the first write nothing stands.
    const after = read.output === null ? -1 : (writer?.end ?? Number.POSITIVE_INFINITY)
    const missed = writes.filter(({ id, end }) => id > after && end < read.id)
    return [{ read, level, missedAt: first(missed) }]
  })
  return [...lists, ...registers]
}

type Span = readonly [from: number, to: number]

/** Spans between the begin and the end of a fault that stops clocks; faults of one name don't overlap. */
const pausesOf = (events: readonly HistoryEvent[]): readonly Span[] => {
  const begun = new Map<string, number>()
  const spans: Span[] = []
  for (const event of events) {
    if (event.type !== 'fault' || !STOPS_CLOCKS.test(event.fault)) continue
    if (event.phase === 'begin') begun.set(event.fault, event.at)
    const from = begun.get(event.fault)
    if (event.phase === 'end' && from !== undefined) spans.push([from, event.at])
  }
  return spans
}

const pausedMs = (pauses: readonly Span[], from: number, to: number): number =>
  pauses.reduce((sum, [begin, end]) => sum + Math.max(0, Math.min(end, to) - Math.max(begin, from)), 0) / 1_000
