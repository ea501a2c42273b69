import type { TObject } from '@sinclair/typebox'
import { isMapping } from './key-path.js'
import { GatewayFileSchema } from './schema/gateway-schema.js'
import { NodeFileSchema } from './schema/node-schema.js'
import { leafKeys, schemaAt } from './schema/walk.js'

/** Keywords that only this package's validator knows. */
const INTERNAL = new Set(['durationRange', 'bytesRange'])

/** A schema as plain JSON for editors: nothing is required that has a default. */
const toPlain = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(toPlain)
  if (!isMapping(schema)) return schema
  const properties = isMapping(schema.properties) ? schema.properties : {}
  const hasDefault = (name: unknown): boolean => {
    const property = properties[String(name)]
    return isMapping(property) && 'default' in property
  }
  const entries = Object.entries(schema).flatMap(([key, value]): [string, unknown][] => {
    if (INTERNAL.has(key)) return []
    if (key !== 'required' || !Array.isArray(value)) return [[key, toPlain(value)]]
    const required = value.filter((name) => !hasDefault(name))
    return required.length === 0 ? [] : [[key, required]]
  })
  return Object.fromEntries(entries)
}

const publish = (schema: TObject): Readonly<Record<string, unknown>> => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  ...(toPlain(schema) as Record<string, unknown>),
})

/** JSON Schema of a node's configuration file. */
export const nodeJsonSchema = (): Readonly<Record<string, unknown>> => publish(NodeFileSchema)

/** JSON Schema of a gateway's configuration file. */
export const gatewayJsonSchema = (): Readonly<Record<string, unknown>> => publish(GatewayFileSchema)

/** A Markdown table of every key with default and meaning, in file order. */
export const configReference = (program: 'node' | 'gateway'): string => {
  const schema = program === 'node' ? NodeFileSchema : GatewayFileSchema
  const rows = leafKeys(schema).map((key) => {
    const field = schemaAt(schema, key.split('.'))
    const preset = field?.default === undefined ? '' : `\`${JSON.stringify(field.default).replaceAll('"', '')}\``
    return `| \`${key}\` | ${preset} | ${field?.description ?? ''} |`
  })
  return ['| key | default | meaning |', '|---|---|---|', ...rows].join('\n')
}
