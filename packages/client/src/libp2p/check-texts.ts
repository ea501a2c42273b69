import { DbClusterError, hasLoneSurrogate, type Operation } from '@dbcluster/protocol'

/**
 * Refuses SQL that the frame, which is UTF-8, would change: a node could not tell any more what was meant. Arguments
 * were checked when they became SQL values.
 * @throws DbClusterError `SQL_ERROR`, with the statement's index in a batch or transaction
 */
export const checkTexts = (operation: Operation): void => {
  for (const [index, sql] of textsOf(operation).entries()) {
    if (!hasLoneSurrogate(sql)) continue
    throw new DbClusterError('SQL_ERROR', 'the statement contains half of a surrogate pair', {
      hint: 'send well-formed Unicode text',
      ...('statements' in operation ? { statementIndex: index } : {}),
    })
  }
}

const textsOf = (operation: Operation): readonly string[] => {
  if ('statements' in operation) return operation.statements.map(({ sql }) => sql)
  if ('statement' in operation) return [operation.statement.sql]
  return operation.op === 'createTable' ? [operation.schema] : []
}
