import type { TObject, TSchema } from '@sinclair/typebox'
import type { KeyPath } from '../key-path.js'

/** The schema of the value at a path, or undefined where there is no such key. */
export const schemaAt = (root: TSchema, path: KeyPath): TSchema | undefined => {
  let schema: TSchema | undefined = root
  for (const part of path) {
    if (typeof part === 'number') schema = schema?.items as TSchema | undefined
    else {
      const properties = schema?.properties as Record<string, TSchema> | undefined
      schema = properties !== undefined && Object.hasOwn(properties, part) ? properties[part] : undefined
    }
  }
  return schema
}

/** The keys that a mapping of this schema may have. */
export const propertyNames = (schema: TSchema | undefined): readonly string[] =>
  Object.keys((schema?.properties as Record<string, TSchema> | undefined) ?? {})

/** Every settable key of a file, dotted: `section.key`. */
export const leafKeys = (schema: TObject): readonly string[] =>
  propertyNames(schema).flatMap((section) =>
    propertyNames(schemaAt(schema, [section])).map((key) => `${section}.${key}`),
  )
