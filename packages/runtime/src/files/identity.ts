import { generateIdentity, peerIdOf } from '@dbcluster/network'
import { DbClusterError, type Logger } from '@dbcluster/protocol'
import { createFileExclusive } from './atomic-file.js'
import { readSecretFile } from './secret-file.js'

/** Who this node is. */
export interface Identity {
  /** Ed25519 key in libp2p's protobuf form. */
  readonly privateKey: Uint8Array
  readonly peerId: string
  /** Whether it was made just now: the node's first start. */
  readonly created: boolean
}

/**
 * Reads the node's identity (base64 of libp2p's protobuf form, one line), or makes one: file 0600, directory 0700. Of
 * two processes that make it at once, both get the same.
 * @throws DbClusterError `KEY_INVALID` when the file holds none
 */
export const loadOrCreateIdentity = async (file: string, logger: Logger): Promise<Identity> => {
  const existing = await readIdentity(file, logger)
  if (existing !== undefined) return existing
  const privateKey = await generateIdentity()
  const created = await createFileExclusive(file, `${Buffer.from(privateKey).toString('base64')}\n`)
  if (created) return { privateKey, peerId: peerIdOf(privateKey), created }
  return { ...decode(file, (await readSecretFile(file, logger)) ?? ''), created }
}

/**
 * Reads the node's identity; undefined where there is none yet.
 * @throws DbClusterError `KEY_INVALID` when the file holds none
 */
export const readIdentity = async (file: string, logger: Logger): Promise<Identity | undefined> => {
  const text = await readSecretFile(file, logger)
  return text === undefined ? undefined : { ...decode(file, text), created: false }
}

const decode = (file: string, text: string): { readonly privateKey: Uint8Array; readonly peerId: string } => {
  const privateKey = new Uint8Array(Buffer.from(text.trim(), 'base64'))
  try {
    return { privateKey, peerId: peerIdOf(privateKey) }
  } catch (cause) {
    throw new DbClusterError('KEY_INVALID', `the identity file ${file} holds no libp2p private key`, {
      hint: 'restore it from a backup; without it (remove the file) this node comes back as a new one',
      details: { file },
      cause,
    })
  }
}
