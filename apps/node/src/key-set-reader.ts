import { open } from 'node:fs/promises'
import { type FetchKeySet, KEY_SET_MAX_BYTES } from '@dbcluster/auth'
import { DbClusterError, type Logger } from '@dbcluster/protocol'

/** An answer that takes longer is none; whoever waits for it has a request to answer. */
const FETCH_TIMEOUT_MS = 5_000

/** Reads an issuer's key set from its URL or file, bounded in time and size; what fails is logged with its source. */
export const keySetReader =
  (source: string, logger: Logger): FetchKeySet =>
  async () => {
    try {
      return /^https?:/.test(source) ? await fetchText(source) : await readText(source)
    } catch (error) {
      logger.warn("The key set of a JWT issuer can't be read", { source, error: String(error) })
      throw error
    }
  }

const fetchText = async (url: string): Promise<string> => {
  const response = await fetch(url, {
    headers: { accept: 'application/jwk-set+json, application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  })
  if (!response.ok) throw new DbClusterError('INTERNAL', `${url} answered ${response.status}`)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > KEY_SET_MAX_BYTES) throw tooLarge(url)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const readText = async (path: string): Promise<string> => {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size > KEY_SET_MAX_BYTES) throw tooLarge(path)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

const tooLarge = (source: string): DbClusterError =>
  new DbClusterError('INTERNAL', `${source} has more than ${KEY_SET_MAX_BYTES} bytes`)
