import { DbClusterError } from '@dbcluster/protocol'
import type { RequestSource } from './source.js'

const JSON_TYPES: readonly string[] = ['application/json', 'application/vnd.dbcluster+json']

/** @throws DbClusterError `UNSUPPORTED_MEDIA_TYPE` unless the request says that its body is JSON in UTF-8 */
export const checkContentType = (headers: Headers): void => {
  const given = headers.get('content-type')
  const [type = '', ...parameters] = (given ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim())
  const charset = parameters
    .find((part) => part.startsWith('charset='))
    ?.slice('charset='.length)
    .replaceAll('"', '')
  const refuse = (what: string, hint: string): never => {
    throw new DbClusterError('UNSUPPORTED_MEDIA_TYPE', what, { hint })
  }
  if (!JSON_TYPES.includes(type)) {
    refuse(
      given === null ? 'the request has no Content-Type' : `the Content-Type is ${JSON.stringify(given.slice(0, 100))}`,
      'send the header "Content-Type: application/json"',
    )
  }
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    refuse(`the charset is ${JSON.stringify(charset.slice(0, 40))}`, 'send UTF-8')
  }
  const encoding = headers.get('content-encoding')
  if (encoding !== null && encoding.toLowerCase() !== 'identity') {
    refuse(`the Content-Encoding is ${JSON.stringify(encoding.slice(0, 40))}`, 'send the body as it is')
  }
}

/** How a body is read. */
export interface BodyOptions {
  readonly maxBytes: number
  /** Told of each piece before it is kept. @throws when there is no room for it */
  readonly hold: (bytes: number) => void
}

/** Time that any body gets. */
const READ_GRACE_MS = 10_000
/** A sender may be this slow beyond that: 0.5 Mbit/s. */
const READ_MIN_BYTES_PER_MS = 64

/**
 * Reads a body as text, and no more of it than is allowed, whatever its Content-Length says, and from nobody who sends
 * it drop by drop.
 * @throws DbClusterError `REQUEST_TOO_LARGE`, `REQUEST_TOO_SLOW`, `INVALID_JSON` when it is not UTF-8, and what `hold` throws
 */
export const readBody = async (
  headers: Headers,
  source: RequestSource,
  { maxBytes, hold }: BodyOptions,
): Promise<string> => {
  if (Number(headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const chunks: Uint8Array[] = []
  let size = 0
  let refusal: unknown
  const startedAt = performance.now()
  const reading = source.read((chunk) => {
    size += chunk.length
    if (size > maxBytes || refusal !== undefined) return false
    try {
      hold(chunk.length)
      chunks.push(chunk)
    } catch (error) {
      refusal = error
    }
    return refusal === undefined
  })
  const isTooSlow = (): boolean => performance.now() - startedAt > READ_GRACE_MS + size / READ_MIN_BYTES_PER_MS
  await watched(reading, isTooSlow).catch((error: unknown) => {
    refusal = error // what still comes is not kept
    throw error
  })
  if (size > maxBytes) throw tooLarge(maxBytes)
  if (refusal !== undefined) throw refusal
  return decodeUtf8(chunks, size)
}

const WATCH_MS = 1_000

/** Gives up on a body that comes too slowly; its connection ends with the answer. */
const watched = async (reading: Promise<void>, isTooSlow: () => boolean): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const slow = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      if (!isTooSlow()) return
      reject(
        new DbClusterError('REQUEST_TOO_SLOW', 'the body comes more slowly than 64 KB/s', {
          hint: 'send it in one go',
        }),
      )
    }, WATCH_MS)
  })
  try {
    await Promise.race([reading, slow])
  } finally {
    clearInterval(timer)
    // Its end, which nobody waits for any more, is no news.
    reading.catch(() => undefined)
  }
}

const decodeUtf8 = (chunks: readonly Uint8Array[], size: number): string => {
  const [only] = chunks
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(chunks.length === 1 ? only : join(chunks, size))
  } catch (cause) {
    throw new DbClusterError('INVALID_JSON', 'the body is not UTF-8', { hint: 'send JSON in UTF-8', cause })
  }
}

const join = (chunks: readonly Uint8Array[], size: number): Uint8Array => {
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

const tooLarge = (maxBytes: number): DbClusterError =>
  new DbClusterError('REQUEST_TOO_LARGE', `the body is larger than ${maxBytes} bytes`, {
    hint: 'send it in several requests, or raise gateway.max_body',
    details: { max_bytes: maxBytes },
  })
