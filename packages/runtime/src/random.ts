import { randomBytes } from 'node:crypto'

/** Unguessable hexadecimal digits, two for each byte. */
export const randomHex = (bytes: number): string => randomBytes(bytes).toString('hex')
