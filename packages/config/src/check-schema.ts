import type { TObject, TSchema } from '@sinclair/typebox'
import type { ErrorObject } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parseBytes } from './bytes.js'
import { DEPRECATED_KEYS, deprecatedMessage } from './deprecated.js'
import { parseDuration } from './duration.js'
import type { FaultCode } from './faults.js'
import { formatPath, type KeyPath, parsePointer, valueAt } from './key-path.js'
import { describeExpected, describeFound, suggestValue } from './schema/describe.js'
import { TEXT_FORMATS } from './schema/formats.js'
import { leafKeys, propertyNames, schemaAt } from './schema/walk.js'
import { nearest } from './suggest.js'

/** A fault whose place isn't looked up yet. */
export interface Finding {
  readonly code: FaultCode
  readonly path: KeyPath
  /** Which part of `path` is at fault. */
  readonly part: 'key' | 'value'
  readonly message: string
}

const within = ([from, to]: readonly [number, number], value: number | undefined): boolean =>
  value === undefined || (value >= from && value <= to)

/** A validator that also fills in defaults. What isn't of the right shape is left to `format`. */
const createValidator = (schema: TObject) => {
  const ajv = new Ajv2020({ allErrors: true, useDefaults: true, allowUnionTypes: true })
  for (const [name, format] of Object.entries(TEXT_FORMATS)) ajv.addFormat(name, format.matches)
  ajv.addKeyword({
    keyword: 'durationRange',
    validate: (range: readonly [number, number], value: unknown) =>
      within(range, value === 0 ? 0 : typeof value === 'string' ? parseDuration(value) : undefined),
  })
  ajv.addKeyword({
    keyword: 'bytesRange',
    validate: (range: readonly [number, number], value: unknown) =>
      within(range, typeof value === 'string' ? parseBytes(value) : undefined),
  })
  return ajv.compile(schema)
}

/** Checks `values` against the schema, fills defaults into it, and tells everything that doesn't fit. */
export const checkSchema = (schema: TObject, values: Record<string, unknown>): readonly Finding[] => {
  const validate = createValidator(schema)
  if (validate(values)) return []
  const findings = new Map<string, Finding>()
  for (const error of validate.errors ?? []) {
    const finding = toFinding(schema, values, error)
    const id = formatPath(finding.path)
    const earlier = findings.get(id)
    // One value is told once: its type before its shape, its shape before its range.
    if (earlier === undefined || rank(finding.code) < rank(earlier.code)) findings.set(id, finding)
  }
  return [...findings.values()]
}

const RANKS: readonly FaultCode[] = ['WRONG_TYPE', 'WRONG_VALUE', 'OUT_OF_RANGE']
const rank = (code: FaultCode): number => RANKS.indexOf(code)

const CODES: Readonly<Record<string, FaultCode>> = {
  type: 'WRONG_TYPE',
  enum: 'WRONG_VALUE',
  format: 'WRONG_VALUE',
  pattern: 'WRONG_VALUE',
}

const toFinding = (root: TObject, values: unknown, error: ErrorObject): Finding => {
  const path = parsePointer(error.instancePath)
  if (error.keyword === 'additionalProperties') return unknownKey(root, path, String(error.params.additionalProperty))
  if (error.keyword === 'required') {
    const missing = String(error.params.missingProperty)
    const message = `the key ${missing} is missing, expected ${describeExpected(schemaAt(root, [...path, missing]) ?? root)}`
    return { code: 'MISSING_KEY', path: [...path, missing], part: 'key', message }
  }
  const schema = schemaAt(root, path) ?? root
  const value = valueAt(values, path)
  return { code: CODES[error.keyword] ?? 'OUT_OF_RANGE', path, part: 'value', message: mismatch(value, schema) }
}

const mismatch = (value: unknown, schema: TSchema): string => {
  const suggestion = suggestValue(value, schema)
  const end = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
  const count = Array.isArray(value) ? ` of ${value.length}` : ''
  return `found ${describeFound(value, schema)}${count}, expected ${describeExpected(schema)}${end}`
}

const unknownKey = (root: TObject, parent: KeyPath, name: string): Finding => {
  const path = [...parent, name]
  const key = formatPath(path)
  if (Object.hasOwn(DEPRECATED_KEYS, key) && schemaAt(root, ['database']) !== undefined)
    return { code: 'DEPRECATED_KEY', path, part: 'key', message: deprecatedMessage(key) }
  const siblings = propertyNames(schemaAt(root, parent))
  const elsewhere = leafKeys(root).find((leaf) => leaf.slice(leaf.indexOf('.') + 1) === name)
  const near = elsewhere ?? nearest(name, siblings)
  const suggestion = near === undefined ? `expected one of ${siblings.join(', ')}` : `did you mean ${near}?`
  return { code: 'UNKNOWN_KEY', path, part: 'key', message: `there is no key ${name.slice(0, 80)} here; ${suggestion}` }
}
