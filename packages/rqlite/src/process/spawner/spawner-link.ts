import { type ChildProcess, fork } from 'node:child_process'
import type { SpawnerReply, SpawnerRequest } from './spawner-messages.js'

/** A helper that only starts processes needs next to no heap. */
const SMALL = ['--max-old-space-size=32', '--max-semi-space-size=1']

/** One spawner process, from its start to its end. */
export class SpawnerLink {
  readonly #child: ChildProcess
  readonly #onEnd: () => void
  #ended = false

  /** @throws when the system refuses */
  constructor(
    program: string,
    handlers: { readonly onReply: (reply: SpawnerReply) => void; readonly onEnd: () => void },
  ) {
    this.#onEnd = handlers.onEnd
    // In a session of its own: what ends this node by Ctrl-C lets it see its processes' ends first.
    this.#child = fork(program, [], {
      execArgv: SMALL,
      env: {},
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    this.#child.on('message', (message) => handlers.onReply(message as SpawnerReply))
    for (const event of ['exit', 'error', 'disconnect'] as const) this.#child.on(event, () => this.#end())
    this.#child.unref()
    this.#child.channel?.unref()
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get ended(): boolean {
    return this.#ended
  }

  send(request: SpawnerRequest): void {
    this.#child.send(request, (error) => {
      if (error !== null) this.#end()
    })
  }

  close(): void {
    if (this.#child.connected) this.#child.disconnect()
    this.#end()
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd()
  }
}
