import { connect, createServer, type Socket } from 'node:net'

/** Reads along on the way to the Raft ports of replicas. */
export interface RaftTap {
  /** Lets a replica listen elsewhere, while its peers dial a relay at its own address. */
  readonly change: (args: readonly string[]) => readonly string[]
  /** Opens the relays of the replicas that use these ports; each replica listens on the other port of its pair. */
  open(pairs: readonly (readonly [raftPort: number, hiddenPort: number])[]): Promise<void>
  /** Everything that went over them, both ways. */
  heard(): Buffer
  close(): Promise<void>
}

export const createRaftTap = (): RaftTap => {
  const hidden = new Map<string, string>()
  const heard: Buffer[] = []
  const sockets = new Set<Socket>()
  const servers: ReturnType<typeof createServer>[] = []

  const relay = (from: Socket, port: number): void => {
    const to = connect(port, '127.0.0.1')
    for (const [source, target] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(source)
      source.on('data', (chunk: Buffer) => heard.push(chunk))
      source.on('error', () => target.destroy())
      source.on('close', () => sockets.delete(source))
      source.pipe(target)
    }
  }

  return {
    change: (args) => {
      const at = args.indexOf('-raft-addr') + 1
      const address = args[at] ?? ''
      return args.with(at, hidden.get(address) ?? address).toSpliced(0, 0, '-raft-adv-addr', address)
    },
    async open(pairs) {
      for (const [raftPort, hiddenPort] of pairs) {
        hidden.set(`127.0.0.1:${raftPort}`, `127.0.0.1:${hiddenPort}`)
        const server = createServer((socket) => relay(socket, hiddenPort))
        await new Promise<void>((resolve, reject) => {
          server.once('error', reject)
          server.listen(raftPort, '127.0.0.1', resolve)
        })
        servers.push(server)
      }
    },
    heard: () => Buffer.concat(heard),
    async close() {
      for (const socket of sockets) socket.destroy()
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}
