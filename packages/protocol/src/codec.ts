import type { Static, TSchema } from '@sinclair/typebox'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { decode, encode } from 'cborg'
import { DbClusterError } from './errors.js'

/** Encodes a message as CBOR (RFC 8949): bytes and 64-bit integers have forms of their own there. */
export const encodeMessage = (message: unknown): Uint8Array => encode(message, { ignoreUndefinedProperties: true })

/** Decodes CBOR without checking its shape; bounded by the frame that brought it. @throws DbClusterError `INVALID_REQUEST` */
export const decodeMessage = (bytes: Uint8Array): unknown => {
  try {
    return decode(bytes)
  } catch (cause) {
    throw new DbClusterError('INVALID_REQUEST', `a message of ${bytes.length} bytes is not CBOR`, { cause })
  }
}

/** Checks values against one schema, all faults in one go. */
export interface Checker<T> {
  /** The value itself, now typed. @throws DbClusterError `INVALID_REQUEST` naming every fault */
  check(value: unknown): T
  is(value: unknown): value is T
}

const describe = (error: ErrorObject): string => {
  const at = error.instancePath === '' ? 'the message' : error.instancePath.slice(1).replaceAll('/', '.')
  const extra = error.keyword === 'additionalProperties' ? ` (${String(error.params.additionalProperty)})` : ''
  return `${at} ${error.message ?? 'is invalid'}${extra}`
}

/** Compiles a schema, at its first use. */
export const createChecker = <S extends TSchema>(schema: S): Checker<Static<S>> => {
  let compiled: ValidateFunction | undefined
  const validate = (value: unknown): boolean => {
    compiled ??= new Ajv2020({ strict: false, meta: false, validateSchema: false }).compile(schema)
    return compiled(value) as boolean
  }
  return {
    is: (value): value is Static<S> => validate(value),
    check: (value) => {
      if (validate(value)) return value as Static<S>
      const faults = (compiled?.errors ?? []).map(describe)
      throw new DbClusterError('INVALID_REQUEST', `a message was refused: ${faults.join('; ')}`)
    },
  }
}
