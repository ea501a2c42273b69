import type { LogFields, Logger } from '@dbcluster/protocol'

export interface LoggedLine {
  readonly level: string
  readonly message: string
  readonly fields: LogFields | undefined
}

/** A logger that keeps its lines. */
export const recordingLogger = (lines: LoggedLine[]): Logger => {
  const at =
    (level: string) =>
    (message: string, fields?: LogFields): void =>
      void lines.push({ level, message, fields })
  const logger: Logger = {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: () => logger,
  }
  return logger
}

export const silentLogger: Logger = recordingLogger([])
