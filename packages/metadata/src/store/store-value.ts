import { crc32 } from 'node:zlib'
import { DbClusterError, decodeMessage, encodeMessage } from '@dbcluster/protocol'

/** The first byte of every value: the layout that follows. */
const FORMAT = 1
const HEADER_BYTES = 5

/** A value as it lies on disk, with its checksum. */
export interface StoredValue {
  readonly bytes: Uint8Array
  readonly checksum: number
}

/** The checksum covers the key too, so that a value under another's key is noticed. */
const checksumOf = (key: string, content: Uint8Array): number => crc32(content, crc32(key))

/** Format byte, CRC-32 of key and content, content as CBOR. */
export const encodeStored = (key: string, value: unknown): StoredValue => {
  const content = encodeMessage(value)
  const checksum = checksumOf(key, content)
  const bytes = new Uint8Array(HEADER_BYTES + content.length)
  bytes[0] = FORMAT
  new DataView(bytes.buffer).setUint32(1, checksum)
  bytes.set(content, HEADER_BYTES)
  return { bytes, checksum }
}

/** The checksum that a stored value must have and has. @throws DbClusterError `STORE_CORRUPT` */
export const checkStored = (key: string, bytes: Uint8Array): number => {
  if (bytes[0] !== FORMAT || bytes.length < HEADER_BYTES) {
    throw new DbClusterError(
      'STORE_CORRUPT',
      `the value of ${key} has format ${bytes[0]}, this version reads ${FORMAT}`,
    )
  }
  const expected = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1)
  if (checksumOf(key, bytes.subarray(HEADER_BYTES)) === expected) return expected
  throw new DbClusterError('STORE_CORRUPT', `the value of ${key} (${bytes.length} bytes) does not match its checksum`)
}

/** The value back. @throws DbClusterError `STORE_CORRUPT` */
export const decodeStored = (key: string, bytes: Uint8Array): unknown => {
  checkStored(key, bytes)
  return decodeMessage(bytes.subarray(HEADER_BYTES))
}
