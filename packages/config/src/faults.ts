import { DbClusterError } from '@dbcluster/protocol'

/** Kinds of faults, for programs and tests. */
export type FaultCode =
  | 'FILE_UNREADABLE'
  | 'YAML_SYNTAX'
  | 'DUPLICATE_KEY'
  | 'UNKNOWN_KEY'
  | 'DEPRECATED_KEY'
  | 'MISSING_KEY'
  | 'WRONG_TYPE'
  | 'WRONG_VALUE'
  | 'OUT_OF_RANGE'
  | 'CONFLICT'
  | 'PORT_RANGE_REVERSED'
  | 'PORT_RANGE_OVERLAP'
  | 'PORT_RANGE_TOO_SMALL'
  | 'OVERRIDE_INVALID'

/** Where a value comes from: a place in the file, an environment variable, or an option. */
export interface Origin {
  /** File name as the caller gave it, `environment NAME`, or `--set KEY`. */
  readonly source: string
  /** From 1; absent for what isn't a file. */
  readonly line?: number
  /** From 1; absent for what isn't a file. */
  readonly column?: number
}

/** One thing that is wrong with a configuration. */
export interface ConfigFault extends Origin {
  readonly code: FaultCode
  /** Dotted key, such as `database.max_databases`; empty for the document itself. */
  readonly key: string
  /** What was found, what was expected, and a suggestion for a near miss. Never a secret. */
  readonly message: string
}

/** `configs/node.yaml:7:18`, or the source alone where there is no line. */
export const formatOrigin = (origin: Origin): string =>
  origin.line === undefined ? origin.source : `${origin.source}:${origin.line}:${origin.column ?? 1}`

/** One line for people: where, which key, what. */
export const formatFault = (fault: ConfigFault): string =>
  [formatOrigin(fault), ...(fault.key === '' ? [] : [fault.key]), fault.message].join(': ')

/** In the order in which a person meets them: files first by line, then the rest. */
const byPlace = (a: ConfigFault, b: ConfigFault): number =>
  Number(a.line === undefined) - Number(b.line === undefined) ||
  (a.line ?? 0) - (b.line ?? 0) ||
  (a.column ?? 0) - (b.column ?? 0)

/** All faults as the one error that refuses the configuration; `details.faults` has them as data. */
export const configInvalid = (what: string, faults: readonly ConfigFault[]): DbClusterError => {
  const sorted = [...faults].sort(byPlace)
  const count = sorted.length === 1 ? '1 fault' : `${sorted.length} faults`
  const lines = sorted.map((fault) => `  ${formatFault(fault)}`)
  return new DbClusterError('CONFIG_INVALID', `${count} in the configuration of the ${what}:\n${lines.join('\n')}`, {
    hint: 'mend these and start again; every key with its default is in the README of @dbcluster/config',
    details: { faults: sorted },
  })
}
