import { InvalidArgumentError } from 'commander'

/** A whole number within bounds. */
export const integerOption =
  (from: number, to: number) =>
  (text: string): number => {
    const number = Number(text)
    if (/^\d+$/.test(text) && number >= from && number <= to) return number
    throw new InvalidArgumentError(`Expected a whole number from ${from} to ${to}.`)
  }

/** An option that may be given several times. */
export const listOption = (text: string, earlier: readonly string[]): readonly string[] => [...earlier, text]
