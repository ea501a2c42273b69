import { DbClusterError } from '@dbcluster/protocol'

const CREDENTIAL = /^[\x21-\x7e]{1,8192}$/
const HINT = 'send "Authorization: Bearer <JWT or API key>" or "X-API-Key: <API key>"'

/**
 * The credential of a request, as it is: nodes decide what it is worth.
 * @throws DbClusterError `UNAUTHENTICATED` when there is none
 */
export const readCredential = (headers: Headers): string => {
  const authorization = headers.get('authorization')
  const bearer = authorization === null ? undefined : /^bearer +(\S+) *$/i.exec(authorization)?.[1]
  if (authorization !== null && bearer === undefined) {
    throw new DbClusterError('UNAUTHENTICATED', 'the Authorization header is not "Bearer <credential>"', { hint: HINT })
  }
  const apiKey = headers.get('x-api-key')?.trim()
  if (bearer !== undefined && apiKey !== undefined && bearer !== apiKey) {
    throw new DbClusterError('INVALID_REQUEST', 'Authorization and X-API-Key carry different credentials', {
      hint: 'send one of them',
    })
  }
  const credential = bearer ?? apiKey
  if (credential === undefined)
    throw new DbClusterError('UNAUTHENTICATED', 'the request has no credential', { hint: HINT })
  if (!CREDENTIAL.test(credential)) {
    throw new DbClusterError('UNAUTHENTICATED', 'the credential is no JWT and no API key', { hint: HINT })
  }
  return credential
}
