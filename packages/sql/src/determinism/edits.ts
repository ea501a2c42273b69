/** One replacement in a text; `end` is `start` for an insertion. Offsets are in UTF-16 code units. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** The text with all replacements made. They come in the order of their places, and do not overlap. */
export const applyEdits = (sql: string, edits: readonly Edit[]): string => {
  let result = ''
  let from = 0
  for (const { start, end, text } of edits) {
    result += sql.slice(from, start) + text
    from = end
  }
  return result + sql.slice(from)
}
