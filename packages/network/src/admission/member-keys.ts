import { hkdfSync } from 'node:crypto'

/** Bytes of a secret that members share. */
export const MEMBER_KEY_BYTES = 32

/** What follows from one secret that members share. */
export interface MemberKey {
  /** Proves membership to a connected peer. */
  readonly admission: Uint8Array
  /** Authenticates gossip. */
  readonly gossip: Uint8Array
}

/** Members' secrets, the one this host uses first; the others are accepted while it is being exchanged. */
export type MemberKeys = readonly [MemberKey, ...MemberKey[]]

const derive = (secret: Uint8Array, purpose: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), purpose, MEMBER_KEY_BYTES))

/** A key for each purpose, so that what one shows to the world says nothing about the other. */
export const toMemberKey = (secret: Uint8Array): MemberKey => ({
  admission: derive(secret, 'dbcluster/admission/1'),
  gossip: derive(secret, 'dbcluster/gossip/1'),
})
