import type { Scope } from '@dbcluster/protocol'

const RANKS: Readonly<Record<Scope, number>> = { read: 1, write: 2, admin: 3 }

export const isScope = (text: string): text is Scope => Object.hasOwn(RANKS, text)

/** Whether a scope includes another; each includes those before it. */
export const scopeCovers = (held: Scope, needed: Scope): boolean => RANKS[held] >= RANKS[needed]

/** The highest scope among words separated by spaces (RFC 8693, section 4.2); other words are other services' own. */
export const highestScope = (words: string): Scope | undefined =>
  words
    .split(' ')
    .filter(isScope)
    .reduce<Scope | undefined>((best, word) => (best === undefined || scopeCovers(word, best) ? word : best), undefined)

/** Whether a credential that doesn't say so creates databases that are missing: one that only reads changes nothing. */
export const mayCreateByDefault = (scope: Scope): boolean => scope !== 'read'
