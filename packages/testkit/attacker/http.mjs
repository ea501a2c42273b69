const LIMIT_MS = 20_000

/** One HTTP request; `status` and the number of bytes of the answer. */
export const http = async ({ url, method = 'GET', headers = {}, body }) => {
  const response = await fetch(url, {
    method,
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(LIMIT_MS),
    ...(body === undefined ? {} : { body }),
  })
  const { byteLength } = await response.arrayBuffer()
  return { outcome: 'answered', status: response.status, received: byteLength }
}
