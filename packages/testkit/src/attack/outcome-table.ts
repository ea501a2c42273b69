/** Attempts and what became of them, as text: one row per target, one column per attacker. */
export class OutcomeTable {
  readonly #cells = new Map<string, Map<string, string>>()

  set(row: string, column: string, outcome: string): void {
    const cells = this.#cells.get(row) ?? new Map<string, string>()
    cells.set(column, outcome)
    this.#cells.set(row, cells)
  }

  /** With an empty cell as `OPEN`: what was not tried is not known to hold. */
  toString(): string {
    const columns = [...new Set([...this.#cells.values()].flatMap((cells) => [...cells.keys()]))]
    const lines = [
      ['', ...columns],
      ...[...this.#cells].map(([row, cells]) => [row, ...columns.map((column) => cells.get(column) ?? 'OPEN')]),
    ]
    const widths = ['', ...columns].map((_, at) => Math.max(...lines.map((line) => (line[at] ?? '').length)))
    return lines.map((line) => line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')).join('\n')
  }
}
