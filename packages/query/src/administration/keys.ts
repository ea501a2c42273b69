import { keyIdOf, mayCreateByDefault } from '@dbcluster/auth'
import {
  checkAppName,
  checkDatabaseName,
  DbClusterError,
  type KeyGrant,
  type KeyInfo,
  type KeyRecord,
  LIMITS,
  type Operation,
  type OperationResults,
  type Principal,
} from '@dbcluster/protocol'
import type { QueryComponents } from '../components.js'

/** Operations on API keys. */
export type KeyOperation = Extract<Operation, { op: 'createKey' | 'listKeys' | 'revokeKey' }>

/** Whether an operation is about API keys. */
export const isKeyOperation = (operation: Operation): operation is KeyOperation =>
  operation.op === 'createKey' || operation.op === 'listKeys' || operation.op === 'revokeKey'

/**
 * Manages API keys, for a principal whose scope was checked: those of its own app, or of any app for an operator. Nobody
 * hands out more than he has.
 * @throws DbClusterError `FORBIDDEN`, `KEY_NOT_FOUND`, `QUOTA_EXCEEDED`, `INVALID_NAME`, `INVALID_VALUE`, `CONFLICT`
 */
export const manageKeys = async (
  components: QueryComponents,
  principal: Principal,
  operation: KeyOperation,
): Promise<OperationResults[KeyOperation['op']]> => {
  if (principal.databases !== undefined) {
    throw forbidden(
      'a credential for some databases only manages no API keys',
      'use one for all of the app’s databases',
    )
  }
  switch (operation.op) {
    case 'createKey':
      return { key: describeKey(await create(components, principal, operation)) }
    case 'listKeys':
      return { keys: list(components, principal, operation.app).map(describeKey) }
    case 'revokeKey':
      return { key: describeKey(await revoke(components, principal, operation.id)) }
  }
}

const create = async (
  { coordinator, nowMs }: QueryComponents,
  principal: Principal,
  operation: Extract<KeyOperation, { op: 'createKey' }>,
): Promise<KeyRecord> => {
  const { hash, scope, databases, expiresAtMs } = operation
  const app = checkAppName(operation.app ?? principal.app)
  if (!manages(principal, app)) throw forbidden(`the credential is not for the app ${app}`, 'leave the app out')
  databases?.forEach(checkDatabaseName)
  const mayCreate = operation.mayCreate ?? (mayCreateByDefault(scope) && principal.mayCreate !== false)
  if (mayCreate && principal.mayCreate === false) {
    throw forbidden('a credential that may not create databases makes no key that may', 'leave it out')
  }
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs()) {
    throw new DbClusterError('INVALID_VALUE', 'the key would have expired already', { hint: 'give a time to come' })
  }
  const id = keyIdOf(hash)
  if (
    coordinator.key(id) === undefined &&
    coordinator.keys().filter((key) => key.grant?.app === app).length >= LIMITS.keysPerApp
  ) {
    throw new DbClusterError('QUOTA_EXCEEDED', `the app ${app} has ${LIMITS.keysPerApp} API keys already`, {
      hint: 'revoked ones count, since they are never forgotten; use JWTs for credentials that change often',
    })
  }
  const grant: KeyGrant = {
    app,
    scope,
    hash,
    mayCreate,
    createdAtMs: nowMs(),
    createdBy: principal.subject,
    ...(databases === undefined ? {} : { databases }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  }
  const record = await coordinator.putKey(id, grant)
  // Asked twice, for want of an answer: the key is there as it was wanted.
  const same = record.grant !== undefined && sameGrant(record.grant, grant)
  if (same && !record.revoked) return record
  throw new DbClusterError('CONFLICT', `there is an API key of this secret already, ${id}`, {
    hint: 'make another one',
  })
}

const sameGrant = (a: KeyGrant, b: KeyGrant): boolean =>
  JSON.stringify([a.app, a.scope, a.hash, a.mayCreate, a.databases, a.expiresAtMs]) ===
  JSON.stringify([b.app, b.scope, b.hash, b.mayCreate, b.databases, b.expiresAtMs])

const list = (
  { coordinator }: QueryComponents,
  principal: Principal,
  app: string | undefined,
): readonly KeyRecord[] => {
  if (app !== undefined && !manages(principal, checkAppName(app))) {
    throw forbidden(`the credential is not for the app ${app}`, 'leave the app out')
  }
  const wanted = app ?? (principal.operator === true ? undefined : principal.app)
  return coordinator.keys().filter((key) => wanted === undefined || key.grant?.app === wanted)
}

const revoke = async (
  { coordinator, authenticator }: QueryComponents,
  principal: Principal,
  id: string,
): Promise<KeyRecord> => {
  const app = coordinator.key(id)?.grant?.app ?? authenticator.configuredApp(id)
  // Another app's key looks like one that isn't there.
  if ((app === undefined || !manages(principal, app)) && principal.operator !== true) {
    throw new DbClusterError('KEY_NOT_FOUND', `there is no API key ${id}`, { hint: 'list the keys to see their ids' })
  }
  return coordinator.putKey(id, undefined)
}

const manages = (principal: Principal, app: string): boolean => principal.operator === true || principal.app === app

const describeKey = ({ id, grant, revoked }: KeyRecord): KeyInfo => ({
  id,
  app: grant?.app ?? '',
  scope: grant?.scope ?? null,
  databases: grant?.databases ?? null,
  may_create: grant?.mayCreate ?? false,
  expires_at: grant?.expiresAtMs === undefined ? null : new Date(grant.expiresAtMs).toISOString(),
  created_at: grant === undefined ? null : new Date(grant.createdAtMs).toISOString(),
  created_by: grant?.createdBy ?? '',
  revoked,
})

const forbidden = (message: string, hint: string): DbClusterError => new DbClusterError('FORBIDDEN', message, { hint })
