import { toJsonValue } from './values.js'

/** How {@link writeJson} writes integers that a double cannot hold. */
export interface WriteJsonOptions {
  /**
   * `digits`: as plain JSON numbers of any length, for readers that parse them exactly. `tagged`: as
   * `{"$int":"…"}`, for readers whose JSON numbers are doubles (JavaScript's `JSON.parse`).
   * @default 'digits'
   */
  readonly bigIntegers?: 'digits' | 'tagged'
}

/**
 * Writes JSON with SQL values in it, losing nothing: bigints as the options say, bytes as `{"$blob":"<base64>"}`.
 * A *real* number beyond ±2^53 is written with an exponent, so that no reader takes it for an integer; infinities
 * become `1e999`, which every JSON reader turns back into one. Properties that are `undefined` are left out.
 */
export const writeJson = (value: unknown, options: WriteJsonOptions = {}): string => {
  const tagged = options.bigIntegers === 'tagged'
  const write = (part: unknown): string => {
    switch (typeof part) {
      case 'string':
        return JSON.stringify(part)
      case 'number':
        return writeNumber(part)
      case 'bigint':
        return tagged ? `{"$int":"${part}"}` : part.toString()
      case 'boolean':
        return part ? 'true' : 'false'
      case 'object':
        if (part === null) return 'null'
        if (Array.isArray(part)) return `[${part.map(write).join(',')}]`
        if (part instanceof Uint8Array) return JSON.stringify(toJsonValue(part))
        return `{${Object.entries(part)
          .filter(([, field]) => field !== undefined)
          .map(([name, field]) => `${JSON.stringify(name)}:${write(field)}`)
          .join(',')}}`
      default:
        return 'null'
    }
  }
  return write(value)
}

const writeNumber = (value: number): string => {
  if (Number.isSafeInteger(value) || !Number.isInteger(value)) {
    if (value === Number.POSITIVE_INFINITY) return '1e999'
    if (value === Number.NEGATIVE_INFINITY) return '-1e999'
    return Number.isNaN(value) ? 'null' : String(value)
  }
  return value.toExponential()
}
