import { createNodeProcessHost } from '../node-process-host.js'
import type { ProcessExit, RunningProcess } from '../process-host.js'
import type { SpawnerReply, SpawnerRequest } from './spawner-messages.js'

/** The side of a Node.js IPC channel that a child process has: `process` itself. */
export interface SpawnerChannel {
  send?(message: SpawnerReply): unknown
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'disconnect', listener: () => void): unknown
}

/**
 * The whole of the spawner's program: starts what its node asks for, says how that ends, and ends itself with the node.
 * What it started goes on.
 */
export const serveSpawner = (channel: SpawnerChannel, end: () => void): void => {
  const host = createNodeProcessHost()
  const running = new Map<number, RunningProcess>()
  const reply = (message: SpawnerReply): void => void channel.send?.(message)

  const spawn = async ({ id, command }: Extract<SpawnerRequest, { type: 'spawn' }>): Promise<void> => {
    try {
      const process = await host.spawn(command)
      running.set(id, process)
      reply({ type: 'spawned', id, pid: process.pid, startTime: process.startTime })
      const exit = await process.exited
      running.delete(id)
      reply({ type: 'exited', id, ...known(exit) })
    } catch (error) {
      reply({ type: 'refused', id, reason: error instanceof Error ? error.message : String(error) })
    }
  }

  channel.on('message', (message) => {
    const request = message as SpawnerRequest
    if (request.type === 'spawn') void spawn(request)
    else running.get(request.id)?.signal(request.name)
  })
  channel.on('disconnect', end)
}

const known = ({ code, signal }: ProcessExit): { readonly code?: number; readonly signal?: string } => ({
  ...(code === undefined ? {} : { code }),
  ...(signal === undefined ? {} : { signal }),
})
