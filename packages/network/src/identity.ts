import { generateKeyPairSync } from 'node:crypto'
import { DbClusterError } from '@dbcluster/protocol'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyFromRaw, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'

/** A new Ed25519 private key in libp2p's protobuf form, to be kept in a file with mode 0600. */
export const generateIdentity = async (): Promise<Uint8Array> => privateKeyToProtobuf(await generateKeyPair('Ed25519'))

/**
 * The peer id that belongs to a private key in libp2p's protobuf form.
 * @throws DbClusterError `KEY_INVALID` when it isn't one
 */
export const peerIdOf = (privateKey: Uint8Array): string =>
  peerIdFromPrivateKey(decodePrivateKey(privateKey)).toString()

/** @throws DbClusterError `KEY_INVALID` */
export const decodePrivateKey = (privateKey: Uint8Array): PrivateKey => {
  try {
    return privateKeyFromProtobuf(privateKey)
  } catch (cause) {
    throw new DbClusterError('KEY_INVALID', `the ${privateKey.length} bytes given as identity are no private key`, {
      hint: "restore the node's identity file from a backup; a new one makes it a new node",
      cause,
    })
  }
}

/** A throw-away Ed25519 identity, made synchronously so that a client knows its peer id before it starts. */
export const ephemeralPrivateKey = (): PrivateKey => {
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  if (d === undefined || x === undefined) throw new DbClusterError('INTERNAL', 'Node.js made an incomplete Ed25519 key')
  return privateKeyFromRaw(new Uint8Array(Buffer.concat([Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')])))
}
