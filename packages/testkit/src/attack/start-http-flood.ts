import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { HTTP_FLOOD_PROGRAM } from '../repository.js'
import { requestHead } from './raw-http.js'

/** A flood of one request. */
export interface HttpFloodInit {
  /** Of the gateway. */
  readonly url: string
  readonly path: string
  readonly credential: string
  readonly json: unknown
  readonly connections: number
  /** Requests on their way on each connection. @default 1 */
  readonly pipelined?: number
}

/** What came of a flood. */
export interface HttpFloodReport {
  /** How often each status came, and how often a connection was `closed`. */
  readonly outcomes: Readonly<Record<string, number>>
  /** What the flooding itself took of the machine. */
  readonly cpuSeconds: number
}

/** A flood that is going on. */
export interface HttpFlood {
  stop(): Promise<HttpFloodReport>
}

/** Starts a flood from a process of its own. Resolves when every connection has had an answer. */
export const startHttpFlood = async (init: HttpFloodInit): Promise<HttpFlood> => {
  const { url, path, credential, json, connections, pipelined = 1 } = init
  const { hostname: host, port } = new URL(url)
  const body = JSON.stringify(json)
  const request = `${requestHead(path, credential, Buffer.byteLength(body))}${body}`
  const child = spawn(process.execPath, [HTTP_FLOOD_PROGRAM], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const hear = async (): Promise<string> => {
    const { value, done } = await said.next()
    if (done === true) throw new Error('the flood ended by itself')
    return value
  }
  child.stdin.write(`${JSON.stringify({ host, port: Number(port), connections, pipelined, request })}\n`)
  await hear()
  return {
    stop: async () => {
      child.stdin.end()
      return JSON.parse(await hear()) as HttpFloodReport
    },
  }
}
