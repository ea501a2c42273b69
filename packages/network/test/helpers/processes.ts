import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface ChildNode {
  readonly process: ChildProcess
  readonly peerId: string
  readonly multiaddrs: readonly string[]
}

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** Nodes in processes of their own; `killAll` ends them, whatever happened. */
export class ChildNodes {
  readonly #all: ChildProcess[] = []

  async start(...args: readonly string[]): Promise<ChildNode> {
    const options = ['-C', '@dbcluster/source', '--no-warnings', '--import', here('./ts-hooks.mjs')]
    const child = spawn(process.execPath, [...options, here('./child-node.ts'), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    this.#all.push(child)
    const exited = once(child, 'exit').then(([code]) => {
      throw new Error(`the child ended with ${String(code)} before it was ready`)
    })
    const [line] = (await Promise.race([once(child.stdout, 'data'), exited])) as [Buffer]
    exited.catch(() => undefined)
    return { process: child, ...(JSON.parse(line.toString()) as { peerId: string; multiaddrs: string[] }) }
  }

  async killAll(): Promise<void> {
    await Promise.all(
      this.#all.splice(0).map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const exited = once(child, 'exit')
        child.kill('SIGCONT')
        child.kill('SIGKILL')
        await exited
      }),
    )
  }
}
