import { DbClusterError } from '@dbcluster/protocol'
import type { Static, TObject } from '@sinclair/typebox'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { suggest } from './suggest.js'

/** Faults that one answer names; more would help nobody. */
const FAULTS_MAX = 10
const SHOWN_MAX_CHARS = 60

/** Checks input against one schema, all faults in one go. @throws DbClusterError `INVALID_REQUEST` */
export type InputChecker<S extends TObject> = (input: unknown) => Static<S>

/** Compiles a schema at its first use. */
export const createInputChecker = <S extends TObject>(schema: S): InputChecker<S> => {
  let validate: ValidateFunction | undefined
  const fields = Object.keys(schema.properties)
  return (input) => {
    validate ??= new Ajv2020({ allErrors: true, strict: false, verbose: true }).compile(schema)
    if (validate(input)) return input as Static<S>
    const faults = decisive(validate.errors ?? []).map(describe)
    throw new DbClusterError('INVALID_REQUEST', [...new Set(faults)].slice(0, FAULTS_MAX).join('; '), {
      hint: fields.length === 0 ? 'this endpoint takes no fields' : `the fields are ${fields.join(', ')}`,
    })
  }
}

/**
 * Of a union's faults, those of the branch whose type was meant; one sentence for the whole union when the value has
 * the type of none.
 */
const decisive = (errors: readonly ErrorObject[]): readonly ErrorObject[] => {
  const unions = errors.filter((error) => error.keyword === 'anyOf')
  const mismatched = (union: ErrorObject, branch: string): boolean =>
    errors.some((error) => error.schemaPath === `${union.schemaPath}/${branch}/type`)
  return errors.filter((error) => {
    const union = unions.find((one) => one !== error && error.schemaPath.startsWith(`${one.schemaPath}/`))
    if (union !== undefined) {
      const [branch = ''] = error.schemaPath.slice(union.schemaPath.length + 1).split('/')
      return !mismatched(union, branch)
    }
    if (error.keyword !== 'anyOf') return true
    return (error.schema as readonly unknown[]).every((_, branch) => mismatched(error, String(branch)))
  })
}

const describe = (error: ErrorObject): string => {
  const at = pathOf(error.instancePath)
  const subject = at === '' ? 'the request' : at
  switch (error.keyword) {
    case 'additionalProperties': {
      const field = String(error.params.additionalProperty)
      const known = Object.keys(error.parentSchema?.properties ?? {})
      const meant = suggest(field, known)
      const where = at === '' ? '' : ` in ${at}`
      return `unknown field ${show(field)}${where}${meant === undefined ? '' : `; did you mean "${meant}"?`}`
    }
    case 'required': {
      const field = String(error.params.missingProperty)
      return `${at === '' ? field : `${at}.${field}`} is missing`
    }
    case 'type':
      return `${subject} must be ${article(String(error.params.type))}, not ${kindOf(error.data)}`
    case 'enum': {
      const allowed = (error.params.allowedValues as readonly unknown[]).map(String)
      const meant = typeof error.data === 'string' ? suggest(error.data, allowed) : undefined
      const given = typeof error.data === 'string' ? show(error.data) : kindOf(error.data)
      return `${subject} must be one of ${allowed.join(', ')}, not ${given}${meant === undefined ? '' : `; did you mean "${meant}"?`}`
    }
    case 'anyOf':
      return `${subject} must be ${String(error.parentSchema?.description ?? 'of another type')}, not ${kindOf(error.data)}`
    case 'minLength':
    case 'pattern':
      return `${subject} must not be empty`
    case 'maxLength':
      return `${subject} is longer than ${String(error.params.limit)} characters`
    case 'minItems':
      return `${subject} must not be empty`
    case 'maxItems':
      return `${subject} has more than ${String(error.params.limit)} entries`
    default:
      return `${subject} ${error.message ?? 'is invalid'}`
  }
}

/** `/queries/0/sql` as `queries[0].sql`. */
const pathOf = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part, at) => (/^\d+$/.test(part) ? `[${part}]` : at === 0 ? part : `.${part}`))
    .join('')
    .slice(0, 200)

const show = (text: string): string =>
  JSON.stringify(text.length > SHOWN_MAX_CHARS ? `${text.slice(0, SHOWN_MAX_CHARS)}…` : text)

const article = (type: string): string => (/^[aeio]/.test(type) ? `an ${type}` : `a ${type}`)

const kindOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'bigint' ? 'a number' : article(typeof value)
}
