/** What one check found. */
export interface Verdict {
  readonly check: string
  /** Things that were judged; a check that had nothing to judge has not passed where there should have been something. */
  readonly judged: number
  /** What is wrong, each by itself; empty when all is well. */
  readonly findings: readonly string[]
  /** What is worth knowing beside that. */
  readonly note?: string
}

/** Findings that are told of one check; the rest is counted. */
const FINDINGS_MAX = 20

/** Gathers what one check finds. */
export class Findings {
  readonly #told: string[] = []
  #count = 0

  add(finding: string): void {
    this.#count += 1
    if (this.#told.length < FINDINGS_MAX) this.#told.push(finding)
  }

  verdict(check: string, judged: number, note?: string): Verdict {
    const more = this.#count - this.#told.length
    const findings = more === 0 ? this.#told : [...this.#told, `and ${more} more`]
    return { check, judged, findings, ...(note === undefined ? {} : { note }) }
  }
}
