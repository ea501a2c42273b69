import { parseHostPort } from './addresses.js'
import { parseDuration } from './duration.js'

/** Edits between two texts: inserted, removed, replaced and swapped neighbouring letters (optimal string alignment). */
const distance = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, at) => at)]
  for (let i = 1; i <= a.length; i++) {
    const [above = [], before] = [rows[i - 1], rows[i - 2]]
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before?.[j - 2] ?? 0) + 1)
      row.push(best)
    }
    rows.push(row)
  }
  return rows[a.length]?.[b.length] ?? 0
}

/** The one way that keys are written here: `maxDatabases` and `MAX-DATABASES` are `max_databases`. */
const normal = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase()

/** Longest name that is compared; what is longer is no slip of the finger. */
const NAME_MAX_CHARS = 80

/** The candidate that a name was probably meant to be: at most a third of its letters differ. */
export const nearest = (name: string, candidates: readonly string[]): string | undefined => {
  if (name.length > NAME_MAX_CHARS) return undefined
  const wanted = normal(name)
  const scored = candidates
    .map((candidate) => ({ candidate, edits: distance(wanted, normal(candidate)) }))
    .filter(({ candidate, edits }) => edits <= Math.max(1, Math.floor(Math.min(wanted.length, candidate.length) / 3)))
    .sort((a, b) => a.edits - b.edits)
  return scored[0]?.candidate
}

const UNIT_NAMES: readonly (readonly [RegExp, string])[] = [
  [/milliseconds?|millis|msecs?/g, 'ms'],
  [/seconds?|secs?/g, 's'],
  [/minutes?|mins?/g, 'm'],
  [/hours?|hrs?/g, 'h'],
]

/** What a wrong duration was probably meant to be: `60` is 60s, `5 min` is 5m, `2d` is 48h. */
export const suggestDuration = (found: unknown): string | undefined => {
  if (typeof found === 'number') return Number.isInteger(found) && found > 0 ? `${found}s` : undefined
  if (typeof found !== 'string' || found.length > NAME_MAX_CHARS) return undefined
  let text = found.toLowerCase().replaceAll(/[\s,_]/g, '')
  for (const [name, unit] of UNIT_NAMES) text = text.replaceAll(name, unit)
  text = text.replace(/^(\d+)(?:d|days?)$/, (_, days: string) => `${Number(days) * 24}h`)
  if (/^\d+$/.test(text) && text !== '0') text += 's'
  return text !== found && parseDuration(text) !== undefined ? text : undefined
}

/** The multiaddr that `host:port` was probably meant to be. */
export const suggestMultiaddr = (found: unknown): string | undefined => {
  if (typeof found !== 'string') return undefined
  const parts = parseHostPort(found.replace(/^tcp:\/\//, ''))
  if (parts === undefined) return undefined
  const family = parts.host.includes(':') ? 'ip6' : /^[\d.]+$/.test(parts.host) ? 'ip4' : 'dns'
  return `/${family}/${parts.host}/tcp/${parts.port}`
}
