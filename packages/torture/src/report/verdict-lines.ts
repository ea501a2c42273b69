import type { Verdict } from '../check/verdict.js'

/** The verdicts as a person reads them; findings under the check that made them. */
export const verdictLines = (verdicts: readonly Verdict[]): readonly string[] =>
  verdicts.flatMap(({ check, judged, findings, note }) => {
    const mark = findings.length === 0 ? 'ok    ' : 'FAILED'
    const beside = note === undefined ? '' : ` (${note})`
    return [`${mark} ${check}: ${judged} judged${beside}`, ...findings.map((finding) => `         ${finding}`)]
  })

/** The line that CI adds up. Kinds of fault that were skipped have not passed. */
export const tallyLine = (verdicts: readonly Verdict[], skipped: number): string => {
  const failed = verdicts.filter(({ findings }) => findings.length > 0).length
  const tally = `${verdicts.length - failed} passed, ${failed} failed`
  return skipped === 0 ? tally : `${tally}, ${skipped} skipped`
}
