import type { LogFields, Logger } from '@dbcluster/protocol'
import { createGateway, type GatewayApp, type GatewayInit } from '../../src/index.js'
import { type Answer, RecordingTransport } from './recording-transport.js'

export interface LoggedLine {
  readonly level: string
  readonly message: string
  readonly fields: LogFields
}

/** A logger that keeps its lines. */
export const createMemoryLogger = (): { readonly lines: LoggedLine[]; readonly logger: Logger } => {
  const lines: LoggedLine[] = []
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      lines.push({ level, message, fields })
    }
  const logger: Logger = {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: () => logger,
  }
  return { lines, logger }
}

export interface Made {
  readonly app: GatewayApp
  readonly transport: RecordingTransport
  readonly lines: LoggedLine[]
}

export const make = (answer?: Answer, init: GatewayInit = {}): Made => {
  const transport = new RecordingTransport(answer)
  const { lines, logger } = createMemoryLogger()
  return { app: createGateway(init)({ transport, logger }), transport, lines }
}

export const KEY = 'dbc_k1_secret'

/** A request as most tests send it; `init` overrides. */
export const post = (body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', 'x-api-key': KEY, ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
