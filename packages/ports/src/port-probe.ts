import { createServer } from 'node:net'

/** Whether a port can be bound now. */
export type PortProbe = (port: number) => Promise<boolean>

/**
 * Probes by binding, exclusively, and letting go at once. An answer is true of the moment it was given only: whoever
 * starts a process on the port must still expect to find it taken.
 */
export const createNetPortProbe =
  (host: string): PortProbe =>
  (port) =>
    new Promise((resolve) => {
      const server = createServer()
      server.once('error', () => resolve(false))
      server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
    })
