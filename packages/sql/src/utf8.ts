/** Whether a text takes more than `maxBytes` bytes as UTF-8. Looks at no more of it than it must. */
export const exceedsUtf8Bytes = (text: string, maxBytes: number): boolean => {
  if (text.length > maxBytes) return true
  if (text.length * 3 <= maxBytes) return false
  let bytes = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    // Half of a surrogate pair: the two halves of a pair make 4 bytes; a half alone is refused elsewhere.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 2 : 3
  }
  return bytes > maxBytes
}
