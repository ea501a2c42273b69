import { isDbClusterError } from '@dbcluster/protocol'
import { planStatement, type StatementPlan } from '../../src/index.js'

/** The plan of a text, or the code that it is refused with. */
export const planOrCode = (sql: string): StatementPlan | string => {
  try {
    return planStatement(sql)
  } catch (error) {
    if (isDbClusterError(error)) return error.code
    throw error
  }
}

/** A plan in the words of the corpus. */
export const describePlan = (sql: string): string => {
  const plan = planOrCode(sql)
  if (typeof plan === 'string') return plan
  const words = [plan.kind, plan.explain && 'explain', plan.isInsert && 'insert', plan.returning && 'returning']
  return words.filter((word) => word !== false).join(' ')
}
