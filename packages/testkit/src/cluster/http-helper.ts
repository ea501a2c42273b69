/** An answer of the gateway, read to its end. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Headers
  /** Word for word. */
  readonly text: string
  /** The body as JSON; undefined when it is none. Integers beyond 2^53 are rounded here: look at `text`. */
  readonly body: unknown
}

/** One request to the gateway. */
export interface HttpRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is. */
  readonly text?: string | Uint8Array<ArrayBuffer>
  /** Sent as JSON. */
  readonly json?: unknown
  /** The credential; null sends none. @default the cluster's own key */
  readonly key?: string | null
}

/** The gateway as plain HTTP has it. */
export interface HttpHelper {
  request(path: string, request?: HttpRequest): Promise<HttpAnswer>
  /** `POST /v1/database/<endpoint>` with a JSON body. */
  post(endpoint: string, json: unknown): Promise<HttpAnswer>
  /** `GET /v1/database/<endpoint>`, query included. */
  get(endpoint: string): Promise<HttpAnswer>
}

/** A fetch that brings the credential along. */
export const createHttpHelper = (baseUrl: () => string, defaultKey: string): HttpHelper => {
  const request = async (path: string, init: HttpRequest = {}): Promise<HttpAnswer> => {
    const { method = 'GET', headers = {}, text, json, key = defaultKey } = init
    const body = json === undefined ? text : JSON.stringify(json)
    const response = await fetch(`${baseUrl()}${path}`, {
      method,
      headers: {
        ...(key === null ? {} : { 'x-api-key': key }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    })
    const answer = await response.text()
    return { status: response.status, headers: response.headers, text: answer, body: parse(answer) }
  }
  return {
    request,
    post: (endpoint, json) => request(`/v1/database/${endpoint}`, { method: 'POST', json }),
    get: (endpoint) => request(`/v1/database/${endpoint}`),
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
