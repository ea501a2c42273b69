import type { Operation } from '../history/operations.js'
import { answered, byKey, describe, writtenValue } from './reads.js'
import { Findings, type Verdict } from './verdict.js'

/**
 * Whatever was read, at whatever level, somebody wrote: nothing from nowhere, nothing before it was written, and nothing
 * of what an error called certainly not applied.
 */
export const checkSeenValues = (operations: readonly Operation[]): Verdict => {
  const findings = new Findings()
  let judged = 0
  let refused = 0
  for (const [key, own] of byKey(operations)) {
    const writers = new Map<number, Operation>()
    for (const operation of own) {
      const value = writtenValue(operation.invocation)
      if (value !== undefined) writers.set(value, operation)
    }
    refused += [...writers.values()].filter(({ outcome }) => outcome === 'fail').length
    for (const [reader, values] of seen(own)) {
      judged += 1
      for (const value of values) {
        const writer = writers.get(value)
        if (writer === undefined) findings.add(`${key}: nobody wrote ${value}, read by ${describe(reader)}`)
        else if (writer.outcome === 'fail') {
          findings.add(
            `${key}: ${value} was "certainly not applied" (${describe(writer)}) but read by ${describe(reader)}`,
          )
        } else if (writer.id > reader.end) {
          findings.add(`${key}: ${value} was read by ${describe(reader)} before ${describe(writer)}`)
        }
      }
    }
  }
  if (judged === 0) findings.add('there was no read to judge')
  return findings.verdict('refused is refused, nothing from nowhere', judged, `${refused} writes were refused`)
}

const seen = (own: readonly Operation[]): readonly (readonly [Operation, readonly number[]])[] => [
  ...answered(own, 'register.read').map((read) => [read, read.output === null ? [] : [read.output]] as const),
  ...answered(own, 'list.read').map((read) => [read, read.output] as const),
  ...answered(own, 'bank.audit').map((read) => [read, read.output.transfers.map(({ id }) => id)] as const),
]
