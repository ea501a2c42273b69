import { quoteString } from './identifier.js'

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0').toUpperCase())

/** Bytes as a blob literal. */
export const blobLiteral = (bytes: Uint8Array): string => {
  let hex = ''
  for (const byte of bytes) hex += HEX[byte]
  return `X'${hex}'`
}

/**
 * A text as an SQL expression of the same value. SQLite ends a statement at a NUL, so a text with one is written as
 * bytes; `||` and not CAST makes text of them, because a CAST would bring an affinity along that a parameter has not.
 */
export const textLiteral = (text: string): string =>
  text.includes('\0') ? `(${blobLiteral(new TextEncoder().encode(text))}||'')` : quoteString(text)
