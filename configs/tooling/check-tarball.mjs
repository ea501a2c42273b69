import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

const BLOCK_BYTES = 512

const text = (bytes, from, length) => {
  const field = bytes.subarray(from, from + length)
  const end = field.indexOf(0)
  return field.subarray(0, end < 0 ? length : end).toString('utf8')
}

/**
 * The files of a package's tarball by path inside the package (POSIX ustar, as npm and pnpm write it; 255 characters of
 * path are enough for both). Avoids depending on a `tar` program or package.
 */
export const readTarball = (path) => {
  const bytes = gunzipSync(readFileSync(path))
  const files = new Map()
  for (let at = 0; at + BLOCK_BYTES <= bytes.length; ) {
    const name = text(bytes, at, 100)
    if (name === '') break
    const prefix = text(bytes, at + 345, 155)
    const size = Number.parseInt(text(bytes, at + 124, 12).trim(), 8)
    const type = text(bytes, at + 156, 1)
    const start = at + BLOCK_BYTES
    const fullName = prefix === '' ? name : `${prefix}/${name}`
    if (type === '0' || type === '') files.set(fullName.replace(/^package\//, ''), bytes.subarray(start, start + size))
    at = start + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES
  }
  return files
}
