import { authorize } from '@dbcluster/auth'
import type { EnsuredDatabase } from '@dbcluster/coordinator'
import {
  type Consistency,
  type DatabaseRecord,
  DbClusterError,
  internalName,
  type OperationResults,
  type ResultMeta,
  splitInternalName,
  toDbClusterError,
} from '@dbcluster/protocol'
import { changeLife } from './administration/change-life.js'
import { isKeyOperation, manageKeys } from './administration/keys.js'
import { networkStatus } from './administration/network-status.js'
import { isNodeOperation, operateDatabase, operateNode } from './administration/operate.js'
import { databaseStatus } from './administration/status.js'
import type { AuditTrail } from './admission/audit-trail.js'
import { type DataOperation, isDataOperation, OPERATION_NEEDS } from './admission/needs.js'
import { checkStatements } from './check-statements.js'
import type { QueryComponents } from './components.js'
import type { Ask } from './passage.js'
import { locate } from './routing/locate.js'
import type { ReplicaSessions } from './routing/replica-sessions.js'
import type { Router } from './routing/router.js'
import { unlessAborted } from './wait.js'

/** What performing requests takes. */
export interface PerformComponents extends QueryComponents {
  readonly sessions: ReplicaSessions
  readonly router: Router
  readonly trail: AuditTrail
}

/** A result, and what is worth telling of how it came about. */
export interface Performed {
  readonly result: OperationResults[keyof OperationResults] | unknown
  readonly meta?: Partial<ResultMeta>
}

/** Does what was asked, if the principal may: names are checked first, then the scope, then the statements. */
export const perform = async (components: PerformComponents, ask: Ask): Promise<Performed> => {
  const { operation } = ask.request
  const { scope } = OPERATION_NEEDS[operation.op]
  if (operation.op === 'list' || operation.op === 'networkStatus') {
    authorize(ask.principal, scope)
    if (operation.op === 'networkStatus')
      return { result: { nodes: networkStatus(components, ask.principal.operator === true) } }
    return { result: { databases: visibleDatabases(components, ask) } }
  }
  if (isKeyOperation(operation)) {
    authorize(ask.principal, scope)
    return { result: await unlessAborted(manageKeys(components, ask.principal, operation), ask.deadline.signal) }
  }
  if (isNodeOperation(operation)) {
    authorize(ask.principal, scope)
    return { result: await operateNode(components, ask, operation) }
  }
  const { database } = operation
  const name = internalName(ask.principal.app, database)
  authorize(ask.principal, scope, database)
  if (isDataOperation(operation)) return onReplica(components, ask, { name, database, operation })
  const { coordinator, router } = components
  switch (operation.op) {
    case 'open': {
      const { record, created } = await ensured(components, ask, { name, database })
      return { result: { created, clusterId: record.decree.clusterId } }
    }
    case 'status': {
      const record = coordinator.record(name)
      if (record === undefined || record.deleted) throw notFound(database)
      return { result: await databaseStatus(components, { record, database, ask }) }
    }
    case 'locate': {
      const record = existing(components, name, database)
      const about = { record, ask, rememberedLeader: router.rememberedLeader(name) }
      return { result: await locate(components, components.sessions, about) }
    }
    case 'hibernate':
    case 'wake': {
      const record = existing(components, name, database)
      return { result: await changeLife(components, { record, database, ask, wanted: operation.op }) }
    }
    case 'setReplication':
    case 'recover': {
      const record = existing(components, name, database)
      return { result: await operateDatabase(components, ask, { record, database, operation }) }
    }
    case 'delete':
      existing(components, name, database)
      await unlessAborted(coordinator.remove(name), ask.deadline.signal)
      return { result: { deleted: true } }
  }
}

const visibleDatabases = ({ coordinator }: QueryComponents, { principal }: Ask): readonly string[] => {
  const all = coordinator.databases(`${principal.app}_`).map((record) => splitInternalName(record.name).database)
  const { databases } = principal
  return databases === undefined ? all : all.filter((name) => databases.includes(name))
}

interface DataAsk {
  readonly name: string
  readonly database: string
  readonly operation: DataOperation
}

const onReplica = async (components: PerformComponents, ask: Ask, about: DataAsk): Promise<Performed> => {
  const { name, database, operation } = about
  const { readOnly } = checkStatements(components, operation) // before anything is created on its behalf
  let used: Consistency | undefined
  const usedConsistency = (level: Consistency): void => {
    used = level
  }
  let wokeMs: number | undefined
  const woken = (ms: number): void => {
    wokeMs = (wokeMs ?? 0) + ms
  }
  const record = await usable(components, ask, { name, database, operation })
  const passage = { ...ask, request: { ...ask.request, operation }, readOnly, usedConsistency, woken }
  const { result, servedBy, attempts, consistency = used } = await components.router.route(record, passage)
  return {
    result,
    meta: {
      servedBy,
      attempts,
      ...(consistency === undefined ? {} : { consistency }),
      ...(wokeMs === undefined ? {} : { wokeMs }),
    },
  }
}

const usable = async (components: PerformComponents, ask: Ask, about: DataAsk): Promise<DatabaseRecord> => {
  const record = components.coordinator.database(about.name)
  if (record !== undefined) return record
  // The node that asked us knows the database; we shall in a moment.
  if (ask.hops > 0) throw new DbClusterError('NOT_REPLICA', `this node does not know ${about.name} yet`)
  if (!OPERATION_NEEDS[about.operation.op].creates) throw notFound(about.database)
  return (await ensured(components, ask, about)).record
}

/** The database, made if it is missing and the principal may. */
const ensured = async (
  components: PerformComponents,
  ask: Ask,
  { name, database }: Pick<DataAsk, 'name' | 'database'>,
): Promise<EnsuredDatabase> => {
  const { coordinator, trail } = components
  const record = coordinator.database(name)
  if (record !== undefined) return { record, created: false }
  if (ask.principal.mayCreate === false) {
    throw notFound(database, 'the credential may not create it: use one that may, once')
  }
  try {
    checkQuota(components, ask.principal.app)
    const made = await unlessAborted(coordinator.ensure(name), ask.deadline.signal)
    if (made.created) trail.creation(ask)
    return made
  } catch (error) {
    trail.creation(ask, toDbClusterError(error).code)
    throw error
  }
}

/** Creations under way elsewhere are not counted: an app gets past its quota by those at most. */
const checkQuota = ({ coordinator, admission }: PerformComponents, app: string): void => {
  const limit = admission.databasesPerApp
  if (limit === 0 || coordinator.databases(`${app}_`).length < limit) return
  throw new DbClusterError('QUOTA_EXCEEDED', `the app ${app} has ${limit} databases, as many as it may`, {
    hint: 'delete one that is not needed, or raise limits.databases_per_app on the nodes',
    details: { limit },
  })
}

const existing = ({ coordinator }: QueryComponents, name: string, database: string): DatabaseRecord => {
  const record = coordinator.database(name)
  if (record === undefined) throw notFound(database)
  return record
}

const CREATED_BY =
  'exec, query, transaction, schema, create-table and import create it on first access; list shows what is there'

const notFound = (database: string, hint: string = CREATED_BY): DbClusterError =>
  new DbClusterError('DATABASE_NOT_FOUND', `there is no database ${JSON.stringify(database)}`, { hint })
