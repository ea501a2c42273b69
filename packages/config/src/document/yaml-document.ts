import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml'
import type { ConfigFault, FaultCode, Origin } from '../faults.js'
import { isMapping, type KeyPath } from '../key-path.js'
import { tooDeepAt } from './too-deep.js'

/** Largest configuration file. It holds at most some thousand API keys. */
export const FILE_MAX_BYTES = 4 * 1024 * 1024

/** Uses of anchors in one file; beyond it a few lines could stand for gigabytes. */
const ALIASES_MAX = 100

/** A YAML text, its values, and where each of them stands. */
export interface YamlDocument {
  /** The mapping at the root; empty when the text is none. */
  readonly values: Record<string, unknown>
  /** Syntax errors and duplicate keys. */
  readonly faults: readonly ConfigFault[]
  /** Whether the values can be looked at in spite of the faults. */
  readonly usable: boolean
  /** Where a key or its value stands; the nearest ancestor that exists where it doesn't. */
  locate(path: KeyPath, part: 'key' | 'value'): Origin
}

interface Place {
  readonly key: Node | undefined
  readonly value: Node | undefined
}

const asNode = (value: unknown): Node | undefined => (isNode(value) ? value : undefined)

const child = (document: Document, parent: Node | undefined, part: string | number): Place | undefined => {
  const node = isAlias(parent) ? parent.resolve(document) : parent
  if (isSeq(node) && typeof part === 'number') {
    const item = asNode(node.items[part])
    return item === undefined ? undefined : { key: item, value: item }
  }
  if (!isMap(node)) return undefined
  // The last of duplicates: it is the one whose value counts.
  const pair = node.items.findLast(({ key }) => String(isScalar(key) ? key.value : key) === String(part))
  return pair === undefined ? undefined : { key: asNode(pair.key), value: asNode(pair.value) }
}

/** Reads a YAML 1.2 text. Never throws: what is wrong with it is in `faults`. */
export const readYaml = (text: string, source: string): YamlDocument => {
  const lines = new LineCounter()
  const deepAt = tooDeepAt(text)
  const document = parseDocument(deepAt === undefined ? text : '', { lineCounter: lines, prettyErrors: false })
  const at = (offset: number): Origin => {
    const { line, col } = lines.linePos(offset)
    return { source, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const locate = (path: KeyPath, part: 'key' | 'value'): Origin => {
    let place: Place = { key: undefined, value: asNode(document.contents) }
    let complete = true
    for (const step of path) {
      const next = child(document, place.value, step)
      complete = next !== undefined
      if (next === undefined) break
      place = next
    }
    const node = complete && part === 'value' ? (place.value ?? place.key) : (place.key ?? place.value)
    return at(node?.range?.[0] ?? 0)
  }

  const fault = (code: FaultCode, offset: number, message: string): ConfigFault => ({
    code,
    key: '',
    message,
    ...at(offset),
  })
  if (deepAt !== undefined) {
    const wrong = {
      ...fault(
        'YAML_SYNTAX',
        0,
        'lists and sections stand within each other far deeper than any key does; is a bracket left open?',
      ),
      ...placeIn(text, deepAt, source),
    }
    return { values: {}, faults: [wrong], usable: false, locate }
  }
  const faults = document.errors.map(({ code, message, pos }) =>
    code === 'DUPLICATE_KEY'
      ? fault(
          'DUPLICATE_KEY',
          pos[0],
          `the key ${keyAt(text, pos[0])} is given twice in this section; keep one of them`,
        )
      : fault('YAML_SYNTAX', pos[0], `not valid YAML: ${message.replace(/\s+/g, ' ')}`),
  )
  const broken = faults.some(({ code }) => code === 'YAML_SYNTAX')
  if (broken) return { values: {}, faults, usable: false, locate }

  const odd = compositeKeyAt(document)
  if (odd !== undefined) {
    const wrong = fault('YAML_SYNTAX', odd, 'a list or a section stands here as a key ("? "); keys are plain texts')
    return { values: {}, faults: [...faults, wrong], usable: false, locate }
  }

  let values: unknown
  try {
    values = document.toJS({ maxAliasCount: ALIASES_MAX }) ?? {}
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const wrong = fault('YAML_SYNTAX', unresolvedAt(document), `not valid YAML: ${message}`)
    return { values: {}, faults: [...faults, wrong], usable: false, locate }
  }
  if (isMapping(values)) return { values, faults, usable: true, locate }
  const kind = Array.isArray(values) ? 'a list' : `the ${typeof values} ${JSON.stringify(values).slice(0, 60)}`
  const wrong = {
    ...fault('WRONG_TYPE', 0, `found ${kind}, expected sections such as "database:"`),
    ...locate([], 'value'),
  }
  return { values: {}, faults: [...faults, wrong], usable: false, locate }
}

/** Of a text that was not read. */
const placeIn = (text: string, offset: number, source: string): Origin => {
  const before = text.slice(0, offset).split('\n')
  return { source, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

const keyAt = (text: string, offset: number): string => /^[^\s:]+/.exec(text.slice(offset, offset + 80))?.[0] ?? 'here'

/**
 * Offset of the first key that is a collection. As the key of a JavaScript object it would be its own text, quoted once more
 * at each level: a few of them within each other are longer than a string can be.
 */
const compositeKeyAt = (document: Document): number | undefined => {
  let offset: number | undefined
  visit(document, {
    Pair(_, { key }) {
      const node = isAlias(key) ? key.resolve(document) : key
      if (!isMap(node) && !isSeq(node)) return undefined
      offset = (isNode(key) ? key.range?.[0] : undefined) ?? 0
      return visit.BREAK
    },
  })
  return offset
}

/** Offset of the first alias (`*name`) without its anchor, else of the document. */
const unresolvedAt = (document: Document): number => {
  let offset = 0
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return undefined
      offset = alias.range?.[0] ?? 0
      return visit.BREAK
    },
  })
  return offset
}
