import type { TSchema } from '@sinclair/typebox'
import { formatDuration } from '../duration.js'
import { isMapping } from '../key-path.js'
import { nearest, suggestDuration, suggestMultiaddr } from '../suggest.js'
import { TEXT_FORMATS } from './formats.js'
import { propertyNames } from './walk.js'

/** Longest part of a wrong value that is shown. */
const FOUND_MAX_CHARS = 60

/** What a schema wants, in words. */
export const describeExpected = (schema: TSchema): string => {
  const format = TEXT_FORMATS[String(schema.format)]
  const range = schema.durationRange as readonly [number, number] | undefined
  if (range !== undefined) {
    const zero = range[0] === 0 ? ', or 0' : `, from ${formatDuration(range[0])}`
    return `${format?.expected}${zero} up to ${formatDuration(range[1])}`
  }
  if (schema.bytesRange !== undefined) {
    return `${format?.expected}, from ${schema.minimum} to ${schema.maximum} bytes`
  }
  if (format !== undefined) return format.expected
  if (Array.isArray(schema.enum)) return `one of ${schema.enum.join(', ')}`
  switch (schema.type) {
    case 'integer':
      return `a whole number from ${schema.minimum} to ${schema.maximum}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return describeList(schema)
    case 'object':
      return `a section with some of the keys ${propertyNames(schema).join(', ')}`
    default:
      return schema.pattern === undefined ? 'a text' : `a text that matches ${schema.pattern}`
  }
}

const describeList = (schema: TSchema): string => {
  const items = schema.items as TSchema
  const [from, to] = [Number(schema.minItems ?? 0), Number(schema.maxItems)]
  const each = items.type === 'object' ? `entries with the keys ${propertyNames(items).join(', ')}` : 'texts'
  return `a list of ${from === 0 ? 'at most' : `${from} to`} ${to} ${each}`
}

/** A wrong value in words; of a secret only its kind is told. */
export const describeFound = (value: unknown, schema: TSchema | undefined): string => {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (isMapping(value)) return 'a section'
  if (schema?.writeOnly === true) return `a ${typeof value}`
  const shown = JSON.stringify(value) ?? String(value)
  return shown.length > FOUND_MAX_CHARS ? `${shown.slice(0, FOUND_MAX_CHARS)}…` : shown
}

const BOOLEANS: Readonly<Record<string, boolean>> = {
  yes: true,
  on: true,
  true: true,
  no: false,
  off: false,
  false: false,
}

/** What a wrong value was probably meant to be. */
export const suggestValue = (value: unknown, schema: TSchema): string | undefined => {
  if (schema.durationRange !== undefined) return suggestDuration(value)
  if (typeof value !== 'string' || schema.writeOnly === true) return undefined
  if (Array.isArray(schema.enum)) return nearest(value, schema.enum.map(String))
  switch (schema.format ?? schema.type) {
    case 'integer':
      return /^\d+$/.test(value) ? `${value} without quotes` : undefined
    case 'boolean': {
      const meant = BOOLEANS[value.toLowerCase()]
      return meant === undefined ? undefined : String(meant)
    }
    case 'listen-multiaddr':
      return suggestMultiaddr(value)
    case 'peer-multiaddr': {
      const address = suggestMultiaddr(value)
      return address === undefined ? undefined : `${address}/p2p/PEER_ID`
    }
    default:
      return undefined
  }
}
