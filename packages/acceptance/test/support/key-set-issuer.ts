import { generateKeyPairSync, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An issuer of JWTs that publishes its keys (RFC 7517), by HTTP and in a file. */
export interface KeySetIssuer {
  readonly url: string
  /** A token of its newest key, for the app `demo` and reading. */
  token(): string
  /** Publishes a new key and withdraws the one before. */
  rotate(): void
  /** How often the set was asked for by HTTP. */
  readonly asked: number
  close(): Promise<void>
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Starts one. */
export const startKeySetIssuer = async (file: string): Promise<KeySetIssuer> => {
  let asked = 0
  let generation = 0
  let pair = generateKeyPairSync('ed25519')
  const kid = (): string => `key-${generation}`
  const keySet = (): string =>
    JSON.stringify({ keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: kid(), use: 'sig', alg: 'EdDSA' }] })
  writeFileSync(file, keySet())
  const server = createServer((_request, response) => {
    asked += 1
    response.setHeader('content-type', 'application/jwk-set+json').end(keySet())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    get asked() {
      return asked
    },
    token: () => {
      const claims = {
        app: 'demo',
        scope: 'read',
        sub: `user-${Math.random()}`,
        exp: Math.floor(Date.now() / 1_000) + 600,
      }
      const input = `${part({ alg: 'EdDSA', kid: kid() })}.${part(claims)}`
      return `${input}.${sign(null, Buffer.from(input), pair.privateKey).toString('base64url')}`
    },
    rotate: () => {
      generation += 1
      pair = generateKeyPairSync('ed25519')
      writeFileSync(file, keySet())
    },
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  }
}
