/** Names that people reach for, and ours. */
const ALIASES: Readonly<Record<string, string>> = {
  params: 'args',
  parameters: 'args',
  values: 'args',
  bindings: 'args',
  query: 'sql',
  statement: 'sql',
  db: 'database',
  name: 'database',
  database_name: 'database',
  table: 'table_name',
  statements: 'queries',
  level: 'consistency',
}

const DISTANCE_MAX = 2
/** Longer words are no typing errors, and comparing them would cost. */
const WORD_MAX = 64

/** The known name that was probably meant. */
export const suggest = (word: string, known: readonly string[]): string | undefined => {
  const alias = Object.hasOwn(ALIASES, word) ? ALIASES[word] : undefined
  if (alias !== undefined && known.includes(alias)) return alias
  if (word.length > WORD_MAX) return undefined
  const plain = word.toLowerCase().replaceAll(/[-_]/g, '')
  const near = known
    .map((name) => ({ name, distance: distance(plain, name.toLowerCase().replaceAll(/[-_]/g, '')) }))
    .sort((a, b) => a.distance - b.distance)[0]
  return near !== undefined && near.distance <= Math.min(DISTANCE_MAX, near.name.length - 1) ? near.name : undefined
}

/** Levenshtein's distance. */
const distance = (a: string, b: string): number => {
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[b.length] ?? 0
}
