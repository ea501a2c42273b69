import { nameOf, quoteIdentifier } from '../identifier.js'
import { refusal } from '../refusals.js'
import type { TokenRange } from '../split.js'
import { type Call, callAt } from './calls.js'
import { meansNowSql, type NowForm, nowFormOf } from './now.js'
import { isConflictClause } from './once.js'
import type { Policy } from './policy.js'
import type { Source } from './source.js'
import {
  CONNECTION_FUNCTIONS,
  isVolatileName,
  RANDOM_FUNCTIONS,
  REPLICA_FUNCTIONS,
  SCHEMA_PRAGMA_FUNCTIONS,
  TIME_FUNCTIONS,
  TIME_KEYWORDS,
} from './volatile-names.js'

/** Calls within calls that are followed; SQLite's own bound on expressions is 1000. */
const DEPTH_MAX = 100
/** Each time value that is looked at when it runs is written twice, so these within each other double the text. */
const LATE_DEPTH_MAX = 3

/** A piece of the statement: what it became, and the token behind it. */
interface Piece {
  readonly sql: string
  readonly next: number
}

/** How deep the place is, and whether it is a second copy of what was written before. */
interface Place {
  readonly depth: number
  readonly late: number
  readonly again: boolean
}

const TOP: Place = { depth: 0, late: 0, again: false }

/**
 * Writes a range of tokens anew, each non-deterministic construct in it as the policy says; everything else, comments
 * and placeholders included, stays as it is and where it is.
 * @param columns expressions that give a result its columns: one that was changed keeps the name that it had by its text
 * @throws DbClusterError what the policy refuses with; `NONDETERMINISTIC_SQL` for calls nested too deep
 */
export const rewrite = (
  source: Source,
  policy: Policy,
  range: TokenRange,
  columns: readonly TokenRange[] = [],
): string => new Rewriter(source, policy, columns).range(range, TOP)

class Rewriter {
  readonly #source: Source
  readonly #policy: Policy
  /** Where each result column begins, by the token behind it. */
  readonly #columns: ReadonlyMap<number, number>

  constructor(source: Source, policy: Policy, columns: readonly TokenRange[]) {
    this.#source = source
    this.#policy = policy
    this.#columns = new Map(columns.map(({ from, end }) => [end, from]))
  }

  range({ from, end }: TokenRange, place: Place): string {
    const { tokens, sql } = this.#source
    const pieces: string[] = []
    /** At which piece each token's text begins. */
    const begun = new Map<number, number>()
    for (let at = from; at < end; ) {
      const before = tokens[at - 1]
      const token = tokens[at]
      if (token === undefined) break
      if (at > from && before !== undefined) pieces.push(sql.slice(before.end, token.start))
      if (place === TOP) begun.set(at, pieces.length)
      const piece = this.#piece(at, end, place)
      pieces.push(piece.sql)
      if (place === TOP) {
        const isChanged = piece.sql !== this.#source.slice({ from: at, end: piece.next })
        pieces.push(this.#alias(piece.next, isChanged, (column) => pieces.slice(begun.get(column)).join('')))
      }
      at = piece.next
    }
    return pieces.join('')
  }

  /** The name that a result column had by its text, where that changed and nothing else names it. */
  #alias(end: number, isChanged: boolean, textFrom: (column: number) => string): string {
    const column = this.#columns.get(end)
    if (column === undefined) return ''
    const text = this.#source.slice({ from: column, end })
    // What ends with a parenthesis has no name of its own.
    const isCall = this.#source.type(end - 1) === 'rparen' && textFrom(column) !== text
    return isChanged || isCall ? ` AS ${quoteIdentifier(text)}` : ''
  }

  #piece(at: number, end: number, place: Place): Piece {
    const source = this.#source
    const asItIs = { sql: source.text(at), next: at + 1 }
    if (source.type(at) === 'variable')
      return place.again ? { ...asItIs, sql: this.#policy.parameterAgain(at) } : asItIs
    if (isConflictClause(source, at) && source.type(at + 2) === 'lparen') return this.#conflictTarget(at, end)
    const name = source.type(at) === 'string' ? stringName(source, at) : source.name(at)
    if (!isVolatileName(name)) return asItIs
    const offset = source.tokens[at]?.start ?? 0
    if (name.startsWith('pragma_')) {
      if (!SCHEMA_PRAGMA_FUNCTIONS.has(name)) this.#policy.replica(name, offset)
      return asItIs
    }
    if (source.type(at) === 'string') return asItIs
    const call = callAt(source, at, end)
    if (call !== undefined) return this.#call(call, at, place)
    const isName = source.type(at) === 'quoted' || source.type(at - 1) === 'dot' || source.type(at + 1) === 'dot'
    if (!TIME_KEYWORDS.has(name) || isName || source.keyword(at - 1) === 'AS') return asItIs
    return { sql: this.#policy.now(name, offset), next: at + 1 }
  }

  /** Names the expressions of an index, which SQLite compares as they are written, and keeps deterministic itself. */
  #conflictTarget(at: number, end: number): Piece {
    let next = at + 2
    while (next < end && this.#source.keyword(next) !== 'DO') next++
    return { sql: this.#source.slice({ from: at, end: next }), next }
  }

  #call(call: Call, at: number, place: Place): Piece {
    const source = this.#source
    const offset = source.tokens[at]?.start ?? 0
    const next = call.close + 1
    if (place.depth >= DEPTH_MAX) {
      throw refusal('NONDETERMINISTIC_SQL', 'calls are nested too deep', 'compute the value before', offset)
    }
    if (TIME_KEYWORDS.has(call.name)) return { sql: this.#policy.now(call.name, offset), next }
    if (RANDOM_FUNCTIONS.has(call.name)) return { sql: this.#random(call, at, place), next }
    const time = TIME_FUNCTIONS.get(call.name)
    if (time !== undefined) return { sql: this.#timeCall(call, at, place), next }
    if (CONNECTION_FUNCTIONS.has(call.name)) this.#policy.connection(call.name, at, offset)
    if (REPLICA_FUNCTIONS.has(call.name)) this.#policy.replica(`${call.name}()`, offset)
    return { sql: source.text(at), next: at + 1 }
  }

  #random(call: Call, at: number, place: Place): string {
    const offset = this.#source.tokens[at]?.start ?? 0
    if (call.name === 'random') return this.#policy.random(at, offset)
    const [size] = call.args
    const blob = this.#policy.randomBlob(at, size === undefined ? undefined : this.#integer(size), offset)
    if (size === undefined || this.#source.type(size.from) !== 'variable') return blob
    // The placeholder stays, so that the parameters behind it keep their numbers.
    return `coalesce(${blob},${this.range(size, place)})`
  }

  #integer({ from, end }: TokenRange): number | undefined {
    if (end - from !== 1) return undefined
    if (this.#source.type(from) === 'variable') return this.#policy.parameterInteger(from)
    const text = this.#source.text(from)
    return /^\d{1,9}$/.test(text) ? Number(text) : undefined
  }

  #timeCall(call: Call, at: number, place: Place): string {
    const source = this.#source
    const offset = source.tokens[at]?.start ?? 0
    const { timeValues = [], nowAtCount } = TIME_FUNCTIONS.get(call.name) ?? {}
    const inner = { ...place, depth: place.depth + 1 }
    const isTimeValue = (index: number): boolean => timeValues.includes(index)
    const args = call.args.map((arg, index) =>
      isTimeValue(index) ? this.#timeValue(arg, inner) : this.range(arg, inner),
    )
    const isSubsec = call.args.some(
      (arg, index) => isTimeValue(index) && this.#surely(withoutParentheses(source, arg)) === 'subsec',
    )
    // At the end, since some modifiers must be the first; the difference of two times has its fraction anyway.
    if (isSubsec && call.name !== 'timediff') args.push("'subsec'")
    if (args.length === nowAtCount) args.push(this.#policy.now('now', offset))
    return `${source.text(at)}(${args.join(', ')})`
  }

  #timeValue(arg: TokenRange, place: Place): string {
    const source = this.#source
    const offset = source.tokens[arg.from]?.start ?? 0
    const bare = withoutParentheses(source, arg)
    const surely = this.#surely(bare)
    if (surely === 'never') return this.range(arg, place)
    if (surely !== 'perhaps') {
      const now = this.#policy.now('now', offset)
      // The placeholder stays, so that the parameters behind it keep their numbers.
      return source.type(bare.from) === 'variable' ? `coalesce(${now},${this.range(bare, place)})` : now
    }
    const late = this.#policy.lateNow()
    if (late === undefined) return this.range(arg, place)
    if (place.late >= LATE_DEPTH_MAX) {
      throw refusal('NONDETERMINISTIC_SQL', 'time functions are nested too deep', 'compute the value before', offset)
    }
    const inner = { ...place, late: place.late + 1 }
    const first = this.range(arg, inner)
    const again = this.range(arg, { ...inner, again: true })
    return `CASE WHEN ${meansNowSql(`(${first})`)}THEN ${late} ELSE ${again} END`
  }

  /** What a time value is, as far as its tokens tell. */
  #surely({ from, end }: TokenRange): NowForm | 'never' | 'perhaps' {
    const source = this.#source
    const token = source.tokens[from]
    if (token === undefined) return 'never'
    if (end - from === 1) {
      switch (token.type) {
        case 'string':
          return nowFormOf(nameOf(source.sql, token)) ?? 'never'
        case 'blob':
          return nowFormOf(bytesOf(source.text(from))) ?? 'never'
        case 'number':
          return 'never'
        case 'variable':
          return this.#policy.parameterForm(from) ?? 'never'
        case 'quoted':
          // A text in double quotes where no column has the name; where nothing can be decided later, it is taken for one.
          return this.#policy.lateNow() === undefined && source.text(from).startsWith('"')
            ? (nowFormOf(nameOf(source.sql, token)) ?? 'perhaps')
            : 'perhaps'
        default:
          return CONSTANTS.has(source.keyword(from)) ? 'never' : 'perhaps'
      }
    }
    if (end - from === 2 && ['-', '+'].includes(source.text(from)) && source.type(from + 1) === 'number') return 'never'
    const call = callAt(source, from, end)
    const isWhole = call !== undefined && call.close === end - 1
    // Times never print as "now"; a format may.
    return isWhole && call.name !== 'strftime' && TIME_FUNCTIONS.has(call.name) ? 'never' : 'perhaps'
  }
}

/** Words that are the same in every row, and never a column. */
const CONSTANTS: ReadonlySet<string> = new Set(['NULL', 'CURRENT_DATE', 'CURRENT_TIME', 'CURRENT_TIMESTAMP'])

const withoutParentheses = (source: Source, range: TokenRange): TokenRange => {
  let { from, end } = range
  while (end - from > 2 && source.type(from) === 'lparen' && source.close(from) === end - 1) {
    from += 1
    end -= 1
  }
  return { from, end }
}

const bytesOf = (blob: string): Uint8Array =>
  Uint8Array.from({ length: Math.min(16, (blob.length - 3) >> 1) }, (_, at) =>
    Number.parseInt(blob.slice(2 + 2 * at, 4 + 2 * at), 16),
  )

const stringName = (source: Source, at: number): string => {
  const text = source.text(at).slice(1, -1).toLowerCase()
  return text.startsWith('pragma_') ? text : ''
}
