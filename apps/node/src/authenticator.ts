import { readFile } from 'node:fs/promises'
import { type Authenticator, type AuthenticatorInit, createAuthenticator, type JwtIssuer } from '@dbcluster/auth'
import type { JwtConfig, NodeConfig } from '@dbcluster/config'
import type { Logger } from '@dbcluster/protocol'
import { keySetReader } from './key-set-reader.js'

/** What a node's authenticator is made of. */
export interface NodeAuthenticatorInit extends Pick<AuthenticatorInit, 'findKey' | 'operatorSecrets'> {
  readonly auth: NodeConfig['auth']
  readonly logger: Logger
}

/** Reads the keys that the configuration names. @throws DbClusterError `CONFIG_INVALID` */
export const createNodeAuthenticator = async ({
  auth,
  logger,
  ...rest
}: NodeAuthenticatorInit): Promise<Authenticator> => {
  const jwt = await Promise.all(auth.jwt.map((issuer) => readIssuer(issuer, logger)))
  return createAuthenticator({ apiKeys: auth.apiKeys, jwt, clockToleranceMs: auth.clockToleranceMs, ...rest })
}

const readIssuer = async ({ keyFile, jwks, ...issuer }: JwtConfig, logger: Logger): Promise<JwtIssuer> => {
  const { algorithm, key, issuer: iss, audience } = issuer
  const source =
    jwks === undefined
      ? { key: key ?? (keyFile === undefined ? '' : await readFile(keyFile, 'utf8')) }
      : { keySet: keySetReader(jwks, logger) }
  return {
    algorithm,
    ...source,
    ...(iss === undefined ? {} : { issuer: iss }),
    ...(audience === undefined ? {} : { audience }),
  }
}
