import type { TObject, TSchema } from '@sinclair/typebox'
import { parseDocument } from 'yaml'
import type { ConfigFault } from '../faults.js'
import type { KeyPath } from '../key-path.js'
import { leafKeys, schemaAt } from '../schema/walk.js'
import { nearest } from '../suggest.js'
import { tooDeepAt } from './too-deep.js'

/** One value that stands above the file's. */
export interface Override {
  readonly path: KeyPath
  readonly value: unknown
  /** As told in faults: `environment NAME` or `--set KEY`. */
  readonly source: string
}

/** What was understood of the environment or of options, and what wasn't. */
export interface Overrides {
  readonly overrides: readonly Override[]
  readonly faults: readonly ConfigFault[]
}

const PREFIX = 'DBCLUSTER_'

/** Variables with a name of their own. */
const ALIASES: Readonly<Record<string, string>> = { DBCLUSTER_RQLITED: 'rqlite.path' }

const toVariable = (key: string): string => `${PREFIX}${key.replaceAll('.', '__').toUpperCase()}`

/** A text as the key's type wants it; what doesn't fit stays a text and is refused by the schema. */
const readValue = (schema: TSchema, text: string): unknown => {
  const types: readonly unknown[] = [schema.type].flat()
  if (types.includes('array')) return readList(text)
  if (types.includes('integer') && /^-?\d+(\.\d+)?$/.test(text.trim())) return Number(text)
  if (types.includes('boolean') && /^(true|false)$/.test(text.trim())) return text.trim() === 'true'
  return text
}

/** A list in YAML's `[a, b]` form, or separated by commas; an empty text is an empty list. */
const readList = (text: string): unknown => {
  if (text.trim() === '') return []
  if (!text.trim().startsWith('[')) return text.split(',').map((entry) => entry.trim())
  if (tooDeepAt(text) !== undefined) return text
  const document = parseDocument(text, { prettyErrors: false })
  return document.errors.length > 0 ? text : document.toJS({ maxAliasCount: 0 })
}

/**
 * Reads overrides from environment variables: `DBCLUSTER_DATABASE__MAX_DATABASES=20` is `database.max_databases: 20`.
 * Variables without `__` are no keys, but for the alias `DBCLUSTER_RQLITED`. Keys of `others` (the schemas of other
 * programs, which may share the environment) are passed over.
 */
export const readEnvironment = (
  env: Readonly<Record<string, string | undefined>>,
  schema: TObject,
  others: readonly TObject[],
): Overrides => {
  const overrides: Override[] = []
  const faults: ConfigFault[] = []
  const known = leafKeys(schema)
  const foreign = new Set(others.flatMap(leafKeys))
  for (const name of Object.keys(env).sort()) {
    const text = env[name]
    if (text === undefined || !name.startsWith(PREFIX)) continue
    const alias = ALIASES[name]
    if (alias === undefined && !name.includes('__')) continue
    const key = alias ?? name.slice(PREFIX.length).toLowerCase().replaceAll('__', '.')
    const source = `environment ${name}`
    if (known.includes(key)) {
      // A variable of the full name is more exact than the alias.
      if (alias !== undefined && (text === '' || env[toVariable(alias)] !== undefined)) continue
      const path = key.split('.')
      overrides.push({ path, value: readValue(schemaAt(schema, path) ?? schema, text), source })
    } else if (!foreign.has(key)) {
      const near = nearest(key, known)
      const suggestion = near === undefined ? '' : `; did you mean ${toVariable(near)}?`
      faults.push({ code: 'UNKNOWN_KEY', key, source, message: `there is no key ${key}${suggestion}` })
    }
  }
  return { overrides, faults }
}

/** Reads overrides of the form `database.max_databases=20`, as `--set` takes them. Later ones win. */
export const readSets = (sets: readonly string[], schema: TObject): Overrides => {
  const overrides: Override[] = []
  const faults: ConfigFault[] = []
  const known = leafKeys(schema)
  for (const set of sets) {
    const at = set.indexOf('=')
    const key = (at < 0 ? set : set.slice(0, at)).trim()
    const source = `--set ${key}`
    if (at < 1) {
      const message = `found ${JSON.stringify(set.slice(0, 60))}, expected key=value such as database.max_databases=20`
      faults.push({ code: 'OVERRIDE_INVALID', key: '', source, message })
    } else if (known.includes(key)) {
      const path = key.split('.')
      overrides.push({ path, value: readValue(schemaAt(schema, path) ?? schema, set.slice(at + 1)), source })
    } else {
      const near = nearest(key, known)
      const suggestion = near === undefined ? '' : `; did you mean ${near}?`
      faults.push({ code: 'UNKNOWN_KEY', key, source, message: `there is no key ${key}${suggestion}` })
    }
  }
  return { overrides, faults }
}
