import { DbClusterError } from '@dbcluster/protocol'
import type { StatementPlan } from './plan.js'

/** Whether a statement changes nothing. */
export const isRead = (plan: StatementPlan): boolean => plan.kind === 'read' || plan.kind === 'pragma-read'

/** Lets only reads through, for endpoints that promise to change nothing. @throws DbClusterError `SQL_NOT_A_READ` */
export const requireRead = (plan: StatementPlan): StatementPlan => {
  if (isRead(plan)) return plan
  throw new DbClusterError('SQL_NOT_A_READ', `${plan.verb} is no read`, {
    hint: 'send statements that change something to exec (execute in the SDK), also with RETURNING',
  })
}
