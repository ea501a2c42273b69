import { X509Certificate } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReplicaSpec } from '../arguments/replica-spec.js'
import { CERTIFICATE_LIFETIME_MS } from './raft-authority.js'

/** What rqlited reads about its own security, in a directory of the replica's. */
export interface SecurityFiles {
  readonly directory: string
  /** Users and passwords: https://rqlite.io/docs/guides/security/. */
  readonly auth: string
  readonly certificate: string
  readonly privateKey: string
  readonly authorities: string
}

/** Where those files of a replica are. */
export const securityFiles = (replicaDirectory: string): SecurityFiles => {
  const directory = join(replicaDirectory, 'security')
  return {
    directory,
    auth: join(directory, 'auth.json'),
    certificate: join(directory, 'node.crt'),
    privateKey: join(directory, 'node.key'),
    authorities: join(directory, 'ca.crt'),
  }
}

/**
 * Makes them anew, as at each start of an rqlited; nothing of it has to outlive the process that reads it. A spec without
 * security has none.
 */
export const writeSecurityFiles = async (spec: ReplicaSpec, nowMs: number): Promise<void> => {
  const { security, clusterId, certificateLifetimeMs = CERTIFICATE_LIFETIME_MS } = spec
  if (security === undefined) return
  const files = securityFiles(spec.directory)
  const raft = security.certificates(spec, nowMs, certificateLifetimeMs)
  const users = security.credentials(clusterId).map((credential) => ({ ...credential, perms: ['all'] }))
  await mkdir(files.directory, { recursive: true, mode: 0o700 })
  await chmod(files.directory, 0o700)
  await Promise.all([
    replaceFile(files.auth, `${JSON.stringify(users)}\n`),
    replaceFile(files.certificate, raft.certificate),
    replaceFile(files.privateKey, raft.privateKey),
    replaceFile(files.authorities, raft.authorities),
  ])
}

/** Until when a replica's certificate is good, as Unix time in milliseconds; undefined when there is none. */
export const certificateEnd = async (replicaDirectory: string): Promise<number | undefined> => {
  try {
    return Date.parse(new X509Certificate(await readFile(securityFiles(replicaDirectory).certificate)).validTo)
  } catch {
    return undefined
  }
}

/** A new file each time, so that its mode is ours whatever was there. Not synced: a crash ends what would read it. */
const replaceFile = async (path: string, text: string): Promise<void> => {
  const draft = `${path}.new`
  const file = await open(draft, 'w', 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(text)
  } finally {
    await file.close()
  }
  await rename(draft, path)
}
