import { DbClusterError } from '@dbcluster/protocol/errors'
import { checkAppName } from '@dbcluster/protocol/names'
import { type Client, createClientOver } from './client.js'
import { createHttpTransport } from './http/transport.js'
import { createLazyTransport } from './lazy-transport.js'
import type { Libp2pTransportInit } from './libp2p/init.js'

/** What tells the nodes who asks: an API key or a JWT, one of them. */
export type CredentialInit =
  | { readonly apiKey: string; readonly token?: undefined }
  | { readonly token: string; readonly apiKey?: undefined }

/** A client of a gateway; runs in browsers, workers and Node. */
export type HttpClientInit = CredentialInit & {
  /** Where the gateway is: `http://gateway:8080`. */
  readonly url: string | URL
  /** @default the global `fetch` */
  readonly fetch?: typeof fetch
}

/** A member of the private network that speaks to the nodes directly; runs in Node. */
export type Libp2pClientInit = CredentialInit &
  Libp2pTransportInit & {
    /** The app's name; it must be the credential's, which decides. */
    readonly app: string
  }

/** Settings of {@link createClient}. */
export type ClientInit = HttpClientInit | Libp2pClientInit

/**
 * Makes a client. With `url` it speaks HTTP to a gateway; with `bootstrapPeers` it speaks libp2p to the nodes (loaded
 * when it is first needed). Nothing is sent before `connect()` or the first call.
 * @throws DbClusterError `CONFIG_INVALID` when the settings don't make a client
 */
export const createClient = (init: ClientInit): Client => {
  const credential = checkCredential(init)
  if ('url' in init) {
    const transport = createHttpTransport({ url: init.url, ...(init.fetch === undefined ? {} : { fetch: init.fetch }) })
    return createClientOver(transport, credential)
  }
  if (!Array.isArray(init.bootstrapPeers) || init.bootstrapPeers.length === 0) {
    throw new DbClusterError('CONFIG_INVALID', 'the client has neither a url nor bootstrapPeers', {
      hint: "pass { url: 'http://gateway:8080' } or { bootstrapPeers: ['/ip4/…/tcp/4001/p2p/…'], networkKey }",
    })
  }
  checkAppName(init.app)
  const { app: _app, apiKey: _apiKey, token: _token, ...transportInit } = init
  // "#libp2p" is this package's own libp2p chunk in Node and a clear refusal in browsers (package.json, "imports").
  const transport = createLazyTransport(async () => (await import('#libp2p')).createLibp2pTransport(transportInit))
  return createClientOver(transport, credential)
}

const checkCredential = (init: { readonly apiKey?: unknown; readonly token?: unknown }): string => {
  const given = [init.apiKey, init.token].filter((one) => one !== undefined)
  const [credential] = given
  if (given.length === 1 && typeof credential === 'string' && /^[\x21-\x7e]{1,8192}$/.test(credential))
    return credential
  throw new DbClusterError('CONFIG_INVALID', 'the client needs one credential: apiKey or token', {
    hint: 'pass either, as one line of text without spaces',
  })
}
