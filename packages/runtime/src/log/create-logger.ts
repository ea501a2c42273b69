import type { LogFields, Logger } from '@dbcluster/protocol'
import winston from 'winston'
import { formatLine, type LineFormat } from './format-line.js'

/** Levels, most urgent first. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

/** Settings of {@link createLogger}. */
export interface LoggerInit {
  /** The least urgent level that is written. @default 'info' */
  readonly level?: LogLevel
  /** @default 'logfmt' */
  readonly format?: LineFormat
  /** Where lines go. @default process.stderr */
  readonly destination?: NodeJS.WritableStream
  /** Fields of every line. */
  readonly fields?: LogFields
}

/** What is handed through winston: the fields stay apart, since winston gives some names a meaning of its own. */
interface Entry extends winston.LogEntry {
  readonly fields: LogFields
}

/** Destinations that this process has already made safe to write to. */
const guarded = new WeakSet<NodeJS.WritableStream>()

/**
 * A logger that writes one line per entry: a fixed message plus fields, secrets redacted. A destination that can't be
 * written to any more (a closed pipe) loses the lines and never stops the program.
 */
export const createLogger = (init: LoggerInit = {}): Logger => {
  const { level = 'info', format = 'logfmt', destination = process.stderr, fields = {} } = init
  if (!guarded.has(destination)) {
    guarded.add(destination)
    destination.on('error', () => undefined)
  }
  const line = winston.format((info) => {
    const { message, fields: own } = info as unknown as Entry
    info[Symbol.for('message')] = formatLine({ time: new Date(), level: info.level, message, fields: own }, format)
    return info
  })
  const backend = winston.createLogger({
    level,
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    format: line(),
    transports: [new winston.transports.Stream({ stream: destination, eol: '\n' })],
    exitOnError: false,
  })
  return toLogger(backend, fields)
}

const toLogger = (backend: winston.Logger, bound: LogFields): Logger => {
  const write = (level: LogLevel, message: string, fields: LogFields | undefined): void => {
    if (!backend.isLevelEnabled(level)) return
    const entry: Entry = { level, message, fields: { ...bound, ...fields } }
    backend.log(entry)
  }
  return {
    error: (message, fields) => write('error', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    info: (message, fields) => write('info', message, fields),
    debug: (message, fields) => write('debug', message, fields),
    child: (fields) => toLogger(backend, { ...bound, ...fields }),
  }
}
