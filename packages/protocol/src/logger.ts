/** Fields of a log line. Never secrets, never tenant data. */
export type LogFields = Readonly<Record<string, unknown>>

/**
 * Where packages tell what happens: a fixed message plus fields. `error`: someone must act; `warn`: it may come to
 * that; `info`: rare life-cycle events; `debug`: the rest.
 */
export interface Logger {
  error(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  /** A logger that adds these fields to each line. */
  child(fields: LogFields): Logger
}
