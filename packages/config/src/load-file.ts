import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Static, TObject } from '@sinclair/typebox'
import { checkSchema, type Finding } from './check-schema.js'
import { type Override, readEnvironment, readSets } from './document/overrides.js'
import { FILE_MAX_BYTES, readYaml, type YamlDocument } from './document/yaml-document.js'
import { type ConfigFault, configInvalid, formatOrigin, type Origin } from './faults.js'
import { formatPath, isMapping, isWithin, type KeyPath, valueAt } from './key-path.js'

/** Where a configuration comes from. Later sources win: defaults, the file, the environment, `sets`. */
export interface ConfigSources {
  /** The YAML file; a relative name counts from `directory`. Left out, everything else decides. */
  readonly file?: string | undefined
  /** The YAML text itself; `file` is then only its name in faults. */
  readonly text?: string | undefined
  /** Environment variables; `DBCLUSTER_SECTION__KEY` are looked at. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Overrides as `section.key=value`. */
  readonly sets?: readonly string[] | undefined
  /** Absolute directory that relative paths count from: the one the command was typed in. */
  readonly directory: string
}

/** Tells a fault or a warning about keys; the first one that was given is where it points. */
export interface Reporter {
  fault(code: ConfigFault['code'], paths: readonly KeyPath[], message: string): void
  warn(paths: readonly KeyPath[], message: string): void
}

interface Program<S extends TObject> {
  /** "node" or "gateway", for faults. */
  readonly name: string
  readonly schema: S
  /** Schemas of programs that may share the environment. */
  readonly others: readonly TObject[]
  /** Checks that no schema can make: between keys. Every value fits the schema. */
  readonly check: (file: Static<S>, reporter: Reporter) => void
}

/** Reads, merges and checks; gives the whole file with defaults. @throws DbClusterError `CONFIG_INVALID` with all faults */
export const loadFile = <S extends TObject>(
  program: Program<S>,
  sources: ConfigSources,
): { readonly file: Static<S>; readonly warnings: readonly string[] } => {
  const document = openDocument(sources)
  const environment = readEnvironment(sources.env ?? {}, program.schema, program.others)
  const sets = readSets(sources.sets ?? [], program.schema)
  const overrides = [...environment.overrides, ...sets.overrides]
  const faults: ConfigFault[] = [...document.faults, ...environment.faults, ...sets.faults]
  const warnings: string[] = []

  const locate = (path: KeyPath, part: 'key' | 'value'): Origin => {
    const override = overrides.findLast((candidate) => isWithin(path, candidate.path))
    return override === undefined ? document.locate(path, part) : { source: override.source }
  }
  const merged = (): Record<string, unknown> => merge(document.values, overrides)
  const findings = document.usable ? checkSchema(program.schema, merged()) : []
  for (const { code, path, part, message } of findings)
    faults.push({ code, key: formatPath(path), message, ...locate(path, part) })

  // The checks between keys see a file without what is already known to be wrong, and say nothing about that.
  const wrong = findings.filter(({ code }) => code !== 'UNKNOWN_KEY').map(({ path }) => path.slice(0, 2))
  const touched = (paths: readonly KeyPath[]): boolean =>
    paths.some((path) => wrong.some((known) => isWithin(path, known)))
  const given = (paths: readonly KeyPath[]): KeyPath =>
    paths.find((path) => overrides.some((override) => isWithin(path, override.path))) ??
    paths.find((path) => valueAt(document.values, path) !== undefined) ??
    paths[0] ??
    []
  const reporter: Reporter = {
    fault(code, paths, message) {
      if (touched(paths)) return
      const path = given(paths)
      faults.push({ code, key: formatPath(path), message, ...locate(path, 'value') })
    },
    warn(paths, message) {
      if (touched(paths)) return
      const path = given(paths)
      warnings.push(`${formatOrigin(locate(path, 'value'))}: ${formatPath(path)}: ${message}`)
    },
  }
  // Of a file that can't be read nothing was checked, overrides included.
  const file = clean(program.schema, document.usable ? merged() : {}, findings)
  if (document.usable) program.check(file, reporter)
  if (faults.length > 0) throw configInvalid(program.name, faults)
  return { file, warnings }
}

const openDocument = ({ file, text, directory }: ConfigSources): YamlDocument => {
  const source = file ?? (text === undefined ? 'defaults' : 'config')
  if (text !== undefined || file === undefined) return readYaml(text ?? '', source)
  const unreadable = (message: string): YamlDocument => ({
    values: {},
    faults: [{ code: 'FILE_UNREADABLE', key: '', source, message }],
    usable: false,
    locate: () => ({ source }),
  })
  try {
    const path = resolve(directory, file)
    const { size } = statSync(path)
    if (size > FILE_MAX_BYTES) return unreadable(`the file has ${size} bytes, expected at most ${FILE_MAX_BYTES}`)
    return readYaml(readFileSync(path, 'utf8'), source)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return unreadable(`the file can't be read (${reason}); looked from ${directory}`)
  }
}

/** A fresh mapping of file and overrides. An empty section (`database:` and nothing below) counts as left out. */
const merge = (base: Record<string, unknown>, overrides: readonly Override[]): Record<string, unknown> => {
  const values = structuredClone(base)
  for (const name of Object.keys(values)) if (values[name] === null) delete values[name]
  for (const { path, value } of overrides) {
    const [section = '', key = ''] = path.map(String)
    const parent = values[section] ?? {}
    // A section that is no mapping is a fault of its own.
    if (isMapping(parent)) values[section] = { ...parent, [key]: structuredClone(value) }
  }
  return values
}

/** The file with defaults in the place of what is wrong. */
const clean = <S extends TObject>(
  schema: S,
  values: Record<string, unknown>,
  findings: readonly Finding[],
): Static<S> => {
  for (const { path } of findings) {
    const [section = '', key] = path.map(String)
    const parent = values[section]
    if (key === undefined || !isMapping(parent)) delete values[section]
    else delete parent[key]
  }
  const left = checkSchema(schema, values)
  if (left.length > 0)
    throw new TypeError(`the defaults don't fit the schema: ${left.map((each) => each.message).join('; ')}`)
  return values as Static<S>
}
