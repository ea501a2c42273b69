import { readSets } from './document/overrides.js'
import type { KeyPath } from './key-path.js'
import { GatewayFileSchema } from './schema/gateway-schema.js'
import { NodeFileSchema } from './schema/node-schema.js'

/** One `key=value` override with its value in the key's type. */
export interface ParsedSet {
  readonly path: KeyPath
  readonly value: unknown
}

/**
 * What overrides of the form `section.key=value` stand for in a program's file. Entries that name no key of it are left
 * out: loading tells them.
 */
export const parseSets = (program: 'node' | 'gateway', sets: readonly string[]): readonly ParsedSet[] =>
  readSets(sets, program === 'node' ? NodeFileSchema : GatewayFileSchema).overrides.map(({ path, value }) => ({
    path,
    value,
  }))
