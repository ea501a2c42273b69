import { Lexer, Parser } from 'yaml'

/** What the parser has open at once; of a block's collections each counts twice. A configuration needs a dozen. */
const DEPTH_MAX = 64

/**
 * Offset at which a text goes deeper than any configuration does. Asked before the text is composed: that descends by
 * recursion, and near the end of the stack V8 ends the process when it has an expression to compile.
 */
export const tooDeepAt = (text: string): number | undefined => {
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    // What comes out is whole documents, which are composed later.
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > DEPTH_MAX) return parser.offset
  }
  return undefined
}
