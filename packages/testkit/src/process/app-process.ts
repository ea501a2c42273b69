import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { appProgram } from '../repository.js'

const LAST_LINES = 15

/** How one app is run. */
export interface AppProcessInit {
  readonly app: 'node' | 'gateway'
  readonly args: readonly string[]
  /** A command that becomes the program after it, such as one that enters a network namespace. @default none */
  readonly launcher?: readonly string[]
  /** Its output is added to this file. */
  readonly logFile: string
  readonly directory: string
  /** Added to the little of this process's environment that is passed on. */
  readonly environment?: Readonly<Record<string, string>>
}

/** One run of one of our programs, with its output in a file. */
export class AppProcess {
  readonly #init: AppProcessInit
  #child: ChildProcess | undefined
  #exited: Promise<void> = Promise.resolve()

  constructor(init: AppProcessInit) {
    this.#init = init
  }

  /** @throws Error while it runs */
  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined || !this.running) throw new Error(`${this.#init.args.join(' ')} is not running`)
    return pid
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** How the last run ended; undefined while it runs or when there was none. */
  get exit(): { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined {
    if (this.#child === undefined || this.running) return undefined
    return { code: this.#child.exitCode, signal: this.#child.signalCode }
  }

  /** Everything that it said, earlier runs included. */
  get output(): string {
    try {
      return readFileSync(this.#init.logFile, 'utf8')
    } catch {
      return ''
    }
  }

  get lastLines(): string {
    return this.output.trimEnd().split('\n').slice(-LAST_LINES).join('\n')
  }

  /** Starts it. @throws Error when it runs already */
  launch(): void {
    if (this.running) throw new Error(`${this.#init.app} runs already`)
    const log = openSync(this.#init.logFile, 'a')
    try {
      const program = [process.execPath, appProgram(this.#init.app), ...this.#init.args]
      const [command = process.execPath, ...args] = [...(this.#init.launcher ?? []), ...program]
      const child = spawn(command, args, {
        cwd: this.#init.directory,
        env: { ...passedOn(), ...this.#init.environment },
        stdio: ['ignore', log, log],
      })
      this.#child = child
      this.#exited = new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.once('error', () => resolve())
      })
    } finally {
      closeSync(log)
    }
  }

  /** Sends a signal, and does not wait. */
  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child?.kill(signal)
  }

  /** Resolves when it has ended. */
  exited(): Promise<void> {
    return this.#exited
  }

  /** Sends a signal and waits for the end. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    this.signal(signal)
    await this.#exited
  }

  /** @throws Error with its last words when it has ended */
  checkRunning(): void {
    if (this.running) return
    const { code, signal } = this.exit ?? { code: null, signal: null }
    throw new Error(`the ${this.#init.app} ended with ${signal ?? code}:\n${this.lastLines}`)
  }
}

/** Nothing that would configure the app behind the test's back. */
const passedOn = (): NodeJS.ProcessEnv => {
  const { PATH, HOME, TMPDIR, LANG } = process.env
  return Object.fromEntries(
    Object.entries({ PATH, HOME, TMPDIR, LANG, NODE_ENV: 'test' }).filter(([, value]) => value !== undefined),
  )
}
