/** A size: a number with one of these units, or plain bytes. */
export const BYTES_PATTERN = '^\\d+(\\.\\d+)?(B|KiB|MiB|GiB|KB|MB|GB)$'

const BYTES = new RegExp(BYTES_PATTERN)

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1_000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

/** Bytes of a size that the schema has let through. */
export const toBytes = (value: string | number): number =>
  typeof value === 'number' ? value : (parseBytes(value) ?? 0)

/** Bytes of a size such as `8MiB`, or undefined when the whole text isn't one. */
export const parseBytes = (text: string): number | undefined => {
  if (!BYTES.test(text)) return undefined
  const unit = text.replace(/^[\d.]+/, '')
  const size = UNITS[unit]
  return size === undefined ? undefined : Math.round(Number.parseFloat(text) * size)
}
