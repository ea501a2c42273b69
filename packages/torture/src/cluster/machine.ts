/** A place in the network where processes run. */
export interface Host {
  readonly name: string
  readonly address: string
  /** The command that becomes a program on this host; empty where there is one host only. */
  readonly launcher: readonly string[]
}

/** The hosts of a run, and what can be done to them. */
export interface Machine {
  readonly kind: 'namespaces' | 'loopback'
  /** Where the clients are. */
  readonly clients: Host
  addHost(name: string): Promise<Host>
  /** Lets packets from one host to another pass, or silently swallows them. @throws Error on a loopback machine */
  setWay(from: Host, to: Host, way: 'open' | 'cut'): Promise<void>
  /** A directory with this much room and no more. @throws Error on a loopback machine */
  smallDirectory(name: string, bytes: number): Promise<string>
}
