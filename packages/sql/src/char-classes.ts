/*
 * SQLite classes characters by byte, and every byte of a non-ASCII character counts as an identifier character
 * (https://sqlite.org/src/file/src/tokenize.c, `IdChar`). So UTF-16 code units >= 0x80 do the same here.
 */

const at = (code: number, low: string, high: string): boolean => code >= low.charCodeAt(0) && code <= high.charCodeAt(0)

/** ASCII decimal digit. */
export const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** ASCII hexadecimal digit. */
export const isHexDigit = (code: number): boolean => isDigit(code) || at(code | 32, 'a', 'f')

/** ASCII letter. */
const isLetter = (code: number): boolean => at(code | 32, 'a', 'z')

/** May begin a bare identifier: letters, `_` and everything outside ASCII. */
export const isIdentifierStart = (code: number): boolean => isLetter(code) || code === 95 || code >= 0x80

/** May continue a bare identifier: also digits and `$`. */
export const isIdentifierPart = (code: number): boolean => isIdentifierStart(code) || isDigit(code) || code === 36

/** Continues a run of white space: tab, newline, vertical tab, form feed, carriage return, space. No Unicode spaces. */
export const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13)

/** May begin a run of white space: a vertical tab may not (an oddity of SQLite's class table). */
export const isSpaceStart = (code: number): boolean => isSpace(code) && code !== 11

/** U+FEFF where a token would begin is white space to SQLite; inside an identifier it is part of it. */
export const isByteOrderMark = (code: number): boolean => code === 0xfeff
