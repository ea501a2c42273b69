import { DbClusterError, type ErrorCode } from '@dbcluster/protocol'

/** Longest piece of a statement that an error message shows. */
const SHOWN_CHARS = 40

/** A piece of SQL for an error message: one line, bounded. */
export const shown = (text: string): string => {
  const line = text.replace(/\s+/g, ' ')
  return JSON.stringify(line.length > SHOWN_CHARS ? `${line.slice(0, SHOWN_CHARS)}…` : line)
}

/** An error about one place of a statement; `offset` is in UTF-16 code units from the start of the text. */
export const refusal = (code: ErrorCode, message: string, hint: string, offset?: number): DbClusterError =>
  new DbClusterError(code, offset === undefined ? message : `${message} (at character ${offset + 1})`, {
    hint,
    ...(offset === undefined ? {} : { details: { offset } }),
  })

/** SQLite's own wording for what is not understood. */
export const syntaxError = (near: string, offset: number, hint: string): DbClusterError =>
  refusal('SQL_ERROR', `near ${shown(near)}: syntax error`, hint, offset)
