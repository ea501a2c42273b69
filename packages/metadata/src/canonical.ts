import { compareText } from '@dbcluster/protocol'

type Fields = Readonly<Record<string, unknown>>

/**
 * One text per value, the same on every node: JSON with keys sorted by code unit and absent properties left out, so
 * that neither insertion order nor `undefined` shows. For plain data (what a schema of the protocol let through).
 */
export const canonicalText = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields: string[] = []
  for (const key of Object.keys(value).sort()) {
    const field = (value as Fields)[key]
    if (field !== undefined) fields.push(`${JSON.stringify(key)}:${canonicalText(field)}`)
  }
  return `{${fields.join(',')}}`
}

/** The order of two values' canonical texts. Equal values, by far the most frequent case, never become texts. */
export const compareCanonical = (a: unknown, b: unknown): number =>
  isCopy(a, b) ? 0 : compareText(canonicalText(a), canonicalText(b))

/** Whether two values plainly have the same content; `false` may also mean that only the texts can tell. */
const isCopy = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isCopy((a as Fields)[key], (b as Fields)[key]))
  )
}
