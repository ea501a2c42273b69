import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { AuditEntry, AuditLog, LogFields, Logger } from '@dbcluster/protocol'
import winston from 'winston'
import { formatLine } from './format-line.js'

/** Settings of {@link createAuditLog}. */
export interface AuditLogInit {
  readonly logger: Logger
  /** One JSON object per line is added to it, mode 0600. @default the log alone */
  readonly file?: string | undefined
  /** Size in bytes at which a file is set aside and a new one begun. */
  readonly fileMaxBytes: number
  /** Files kept, the current one included; the oldest goes. */
  readonly filesMax: number
}

/** An audit log that is to be closed. */
export interface ClosableAuditLog extends AuditLog {
  /** Resolves when what was recorded is in the file. */
  close(): Promise<void>
}

/** The fixed message of every line, to be searched for. */
const EVENT = 'Audit'

/** Writes audit entries to the log, and to a file of their own. A file that can't be written to is told of, and stops nothing. */
export const createAuditLog = ({ logger, file, fileMaxBytes, filesMax }: AuditLogInit): ClosableAuditLog => {
  const backend = file === undefined ? undefined : openFile({ file, fileMaxBytes, filesMax, logger })
  return {
    record: (entry) => {
      const fields = fieldsOf(entry)
      logger.info(EVENT, fields)
      backend?.log({ level: 'info', message: EVENT, fields })
    },
    close: async () => {
      if (backend === undefined) return
      await new Promise<void>((resolve) => {
        backend.once('finish', resolve)
        backend.once('error', () => resolve())
        backend.end()
      })
    },
  }
}

const fieldsOf = ({ requestId, key, ...rest }: AuditEntry): LogFields => {
  const all = { ...rest, key_id: key, request_id: requestId }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

const openFile = (init: {
  readonly file: string
  readonly fileMaxBytes: number
  readonly filesMax: number
  readonly logger: Logger
}): winston.Logger => {
  const { file, fileMaxBytes, filesMax, logger } = init
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  if (existsSync(file)) chmodSync(file, 0o600)
  const line = winston.format((info) => {
    const { fields } = info as unknown as { readonly fields: LogFields }
    info[Symbol.for('message')] = formatLine({ time: new Date(), level: 'info', message: EVENT, fields }, 'json')
    return info
  })
  const transport = new winston.transports.File({
    dirname: dirname(file),
    filename: basename(file),
    maxsize: fileMaxBytes,
    maxFiles: filesMax,
    tailable: true,
    options: { flags: 'a', mode: 0o600 },
  })
  const backend = winston.createLogger({ format: line(), transports: [transport], exitOnError: false })
  const failed = (error: unknown): void => {
    logger.error('The audit file cannot be written to', { file, error: String(error) })
  }
  transport.on('error', failed)
  backend.on('error', failed)
  return backend
}
