import { readFileSync } from 'node:fs'
import type { HistoryEvent } from './event.js'

const TYPES: ReadonlySet<unknown> = new Set<HistoryEvent['type']>([
  'invoke',
  'ok',
  'fail',
  'info',
  'run',
  'quiet',
  'fault',
  'problem',
  'note',
  'leaderless',
])

/** Reads a history's file. @throws Error with the line that is none of a history */
export const readHistory = (file: string): readonly HistoryEvent[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      const event = parse(line) as Partial<HistoryEvent> | undefined
      if (TYPES.has(event?.type) && typeof event?.at === 'number') return event as HistoryEvent
      throw new Error(`${file}:${index + 1} is no line of a history: ${line.slice(0, 100)}`)
    })

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
