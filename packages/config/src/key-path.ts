/** A place in a configuration: keys, and numbers for list entries. */
export type KeyPath = readonly (string | number)[]

/** `auth.jwt[0].key` */
export const formatPath = (path: KeyPath): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    return text === '' ? part : `${text}.${part}`
  }, '')

/** Whether one path is the other or lies below it. */
export const isWithin = (path: KeyPath, ancestor: KeyPath): boolean => ancestor.every((part, at) => path[at] === part)

/** Path of a JSON pointer (https://www.rfc-editor.org/rfc/rfc6901); whole numbers are list entries here. */
export const parsePointer = (pointer: string): KeyPath =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part))

/** A mapping: what YAML calls a map and JSON an object. */
export const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The value at a path, or undefined. */
export const valueAt = (root: unknown, path: KeyPath): unknown =>
  path.reduce<unknown>((value, part) => {
    if (Array.isArray(value) && typeof part === 'number') return value[part]
    return isMapping(value) && Object.hasOwn(value, part) ? value[part] : undefined
  }, root)
