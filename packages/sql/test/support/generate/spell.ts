import type { Random } from './random.js'

const GAPS = ['/**/', '/*;*/', '/* /* */', '-- ;\n', '--\n', '\n', '\t', '  ', '\r\n', '\f', ' \v '] as const
/** What needs no quotes; of the names in the corpus's schema these are keywords that do. */
const BARE = /^(?!(?:select|from|order|case)$)[a-z_]\w*$/i

/** A name in any of SQLite's ways to write one; letters of names of the schema in any case. */
export const spellName = (random: Random, name: string): string => {
  const cased = random.once(4) ? name.toUpperCase() : name
  switch (random.below(BARE.test(name) ? 9 : 3)) {
    case 0:
      return `"${cased.replaceAll('"', '""')}"`
    case 1:
      return cased.includes(']') ? `"${cased}"` : `[${cased}]`
    case 2:
      return `\`${cased.replaceAll('`', '``')}\``
    default:
      return cased
  }
}

/** Words with gaps between them: mostly a space, now and then what else SQLite takes for one. */
export const spellWords = (random: Random, words: readonly string[]): string =>
  words
    .map((word) => (random.once(5) ? spellCase(random, word) : word))
    .reduce((text, word) => `${text}${random.once(6) ? random.pick(GAPS) : ' '}${word}`)

/** Keywords in any case; what is quoted, and what names a parameter, stays as it is. */
const spellCase = (random: Random, word: string): string =>
  /^[A-Z]+$/.test(word) ? [...word].map((letter) => (random.once(2) ? letter.toLowerCase() : letter)).join('') : word
