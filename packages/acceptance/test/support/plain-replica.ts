import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { eventually, isAlive, type RqlitedRef, signalProcess, startTimeOf } from '@dbcluster/testkit'

/** What dbcluster gives an rqlited for its protection; `true` where a value follows. */
const PROTECTION: Readonly<Record<string, boolean>> = {
  '-auth': true,
  '-node-cert': true,
  '-node-key': true,
  '-node-ca-cert': true,
  '-node-verify-server-name': true,
  '-node-verify-client': false,
  '-join-as': true,
  // A member restarts without joining.
  '-join': true,
  '-join-attempts': true,
  '-join-interval': true,
}

/**
 * Puts an unprotected rqlited in the place of a replica's, and a record of it, as a version of dbcluster left it that
 * knew of no protection. Its node must not be running.
 */
export const unprotect = async (rqlited: RqlitedRef, dataDir: string): Promise<void> => {
  const directory = join(dataDir, rqlited.database)
  const path = readlinkSync(`/proc/${rqlited.pid}/exe`)
  signalProcess(rqlited, 'SIGTERM')
  await eventually('the protected one is gone', () => !isAlive(rqlited))
  const file = join(directory, 'process.json')
  const { security: _, ...record } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly args: readonly string[]
    readonly security: string
  }
  const args = record.args.filter((arg, at) => !(arg in PROTECTION) && PROTECTION[record.args[at - 1] ?? ''] !== true)
  rmSync(join(directory, 'security'), { recursive: true })
  const log = openSync(join(directory, 'rqlited.log'), 'a')
  const child = spawn(path, args, { env: { TZ: 'UTC' }, stdio: ['ignore', log, log], detached: true })
  await once(child, 'spawn')
  child.unref()
  const { pid = 0 } = child
  writeFileSync(file, JSON.stringify({ ...record, args, process: { pid, startTime: startTimeOf(pid) } }))
}

/** What rqlite's nodes say first to ask for something of their own, and a request for the address of its HTTP (cluster/proto/message.proto). */
const ASK_FOR_ADDRESS = Uint8Array.of(2, 2, 0, 0, 0, 0, 0, 0, 0, 0x08, 1)

/** Whether a Raft port answers what is asked without TLS. */
export const speaksPlainRaft = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(ASK_FOR_ADDRESS))
    socket.on('error', () => undefined)
    socket.once('data', (data) => {
      // A TLS alert (RFC 8446, section 6) is no answer.
      resolve(data[0] !== 0x15)
      socket.destroy()
    })
    socket.on('close', () => resolve(false))
  })
