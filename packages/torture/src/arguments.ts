import { parseArgs } from 'node:util'

export const USAGE = `Tortures real nodes and gateways, and judges what their clients saw.

  pnpm torture [--minutes M] [--seed S] [--out DIRECTORY]   a run (default: 3 minutes, a new seed)
  pnpm torture check FILE                                   judges the history of an earlier run again
`

/** What is wanted. */
export type Arguments =
  | { readonly command: 'help' }
  | { readonly command: 'check'; readonly file: string }
  | {
      readonly command: 'run'
      readonly minutes: number
      readonly seed: number
      /** Where history, report and the logs of a failed run go. */
      readonly out: string | undefined
      /** Pid of the process that started this one within namespaces of its own. */
      readonly inside: number | undefined
    }

/** @throws Error with what is wrong with the arguments */
export const readArguments = (argv: readonly string[], newSeed: () => number): Arguments => {
  const { values, positionals } = parseArgs({
    // pnpm hands on the `--` that it was given.
    args: argv.filter((argument) => argument !== '--'),
    allowPositionals: true,
    options: {
      minutes: { type: 'string', default: '3' },
      seed: { type: 'string' },
      out: { type: 'string' },
      inside: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return { command: 'help' }
  const [command, file] = positionals
  if (command === 'check' && file !== undefined) return { command, file }
  if (command !== undefined) throw new Error(`${positionals.join(' ')} is not known\n\n${USAGE}`)
  const minutes = Number(values.minutes)
  const seed = values.seed === undefined ? newSeed() : Number(values.seed)
  if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes}: a positive number is expected`)
  if (!Number.isInteger(seed) || seed < 0) throw new Error(`--seed ${values.seed}: a whole number is expected`)
  const inside = values.inside === undefined ? undefined : Number(values.inside)
  return { command: 'run', minutes, seed, out: values.out, inside }
}
