import { DbClusterError } from '@dbcluster/protocol'
import { type Marker, markerIn } from '@dbcluster/sql'

const EXPLANATIONS: Readonly<Record<Marker, { readonly message: string; readonly hint: string }>> = {
  default: {
    message: 'a default that differs by time and replica would have been evaluated by each replica for itself',
    hint: 'give the column a value: a trigger, ON CONFLICT REPLACE and SET DEFAULT cannot use such a default; or the table was just changed: send it again',
  },
  time: {
    message:
      "a view or trigger takes a column for a time that holds the text 'now', which each replica would read as its own",
    hint: 'store a time in that column, such as CURRENT_TIMESTAMP gives',
  },
  rowid: {
    message: 'the statement computed 9223372036854775807 as a rowid, behind which SQLite chooses rowids at random',
    hint: 'take another number, or declare the key INTEGER PRIMARY KEY AUTOINCREMENT',
  },
}

/** What failed so that replicas stay the same, told as what it is; any other error as it stands. */
export const explainMarker = (error: DbClusterError): DbClusterError => {
  const marker = markerIn(error.message)
  if (marker === undefined) return error
  const { message, hint } = EXPLANATIONS[marker]
  return new DbClusterError('NONDETERMINISTIC_SQL', message, {
    hint,
    cause: error,
    statementIndex: error.statementIndex,
  })
}
