import { type RowsResult, writeJson } from '@dbcluster/protocol'

/**
 * How a response is written. `plain`: for everybody, integers of any size as JSON numbers, rows as objects and as
 * arrays. `tagged`: for the SDK, large integers tagged, rows as arrays only, and how the request was served.
 */
export type Format = 'plain' | 'tagged'

/** JSON that is written already. */
export class RawJson {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Fields of a response, in order; `undefined` ones are left out. */
export type Fields = Readonly<Record<string, unknown>>

/** Writes an object whose fields may be {@link RawJson}. */
export const writeFields = (fields: Fields, format: Format): string =>
  `{${Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${JSON.stringify(name)}:${writeValue(value, format)}`)
    .join(',')}}`

/** Rows as the format has them; each value is written once, also where it appears twice. */
export const rowsFields = ({ columns, rows }: RowsResult, format: Format): Fields => {
  const written = rows.map((row) => row.map((value) => writeValue(value, format)))
  const arrays = new RawJson(`[${written.map((row) => `[${row.join(',')}]`).join(',')}]`)
  if (format === 'tagged') return { columns, rows: arrays }
  // Of columns that share a name the last wins, as in an object literal.
  const places = [...new Map(columns.map((name, at) => [name, at])).entries()]
  const names = places.map(([name, at]) => [`${JSON.stringify(name)}:`, at] as const)
  const items = written.map((row) => `{${names.map(([name, at]) => name + (row[at] ?? 'null')).join(',')}}`)
  return { items: new RawJson(`[${items.join(',')}]`), columns, rows: arrays }
}

/** One object of an array of results. */
export const raw = (fields: Fields, format: Format): RawJson => new RawJson(writeFields(fields, format))

const writeValue = (value: unknown, format: Format): string => {
  if (value instanceof RawJson) return value.text
  if (Array.isArray(value) && value.some((one) => one instanceof RawJson)) {
    return `[${value.map((one) => writeValue(one, format)).join(',')}]`
  }
  return writeJson(value, { bigIntegers: format === 'tagged' ? 'tagged' : 'digits' })
}
