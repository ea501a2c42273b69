import { type SchemaOptions, type TSchema, Type } from '@sinclair/typebox'
import { BYTES_PATTERN } from '../bytes.js'
import { DURATION_MAX_MS, DURATION_PATTERN } from '../duration.js'

/** What every key says of itself: it shows up in editors, in the README and in fault texts. */
interface FieldInit<T> extends SchemaOptions {
  /** What the key does and in which unit, for a person who has only the file before them. */
  readonly description: string
  readonly default: T
}

type Described = Omit<FieldInit<never>, 'default'>

/** A section of the file: closed, and present even when the file leaves it out. */
export const section = <P extends Record<string, TSchema>>(description: string, properties: P) =>
  Type.Object(properties, { additionalProperties: false, default: {}, description })

/** A whole number within bounds. */
export const integer = (minimum: number, maximum: number, init: FieldInit<number>) =>
  Type.Integer({ minimum, maximum, ...init })

/** true or false. */
export const flag = (init: FieldInit<boolean>) => Type.Boolean(init)

/** A text that isn't empty; `format` names its shape (see `formats.ts`). */
export const text = (init: FieldInit<string>) => Type.String({ minLength: 1, ...init })

/** A text that may be left out. */
export const optionalText = (init: Described) => Type.Optional(Type.String({ minLength: 1, ...init }))

/** One of a few words. */
export const choice = <const T extends string>(values: readonly T[], init: FieldInit<NoInfer<T>>) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], ...init })

/** A list of texts of one format. */
export const texts = (format: string, init: FieldInit<readonly string[]>) => {
  const { maxItems = 64, ...options } = init
  return Type.Array(Type.String({ minLength: 1, format }), { maxItems, ...options })
}

/** A Go-style duration, kept as written. `fromMs` above 0 refuses `0`. */
export const duration = (fromMs: number, init: FieldInit<string>) =>
  Type.Unsafe<string | 0>({
    // A bare 0 is a number in YAML; any other bare number has no unit and is refused by the bounds.
    type: ['string', 'integer'],
    minimum: 0,
    maximum: 0,
    format: 'go-duration',
    pattern: DURATION_PATTERN,
    durationRange: [fromMs, DURATION_MAX_MS],
    ...init,
  })

/** A size in bytes, kept as written. */
export const bytes = (minimum: number, maximum: number, init: FieldInit<string>) =>
  Type.Unsafe<string | number>({
    type: ['string', 'integer'],
    minimum,
    maximum,
    format: 'byte-size',
    pattern: BYTES_PATTERN,
    bytesRange: [minimum, maximum],
    ...init,
  })
