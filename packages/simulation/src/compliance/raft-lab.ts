/** What a member says of Raft. */
export interface LabView {
  readonly isLeader: boolean
  readonly leader: string | undefined
  /** Ids of the voters in its newest configuration, sorted. */
  readonly voters: readonly string[]
  readonly lastIndex: number
  readonly commitIndex: number
}

/** How a member that was started before comes back. */
export interface Return {
  /** On other ports than before. */
  readonly moved?: boolean
  /** With `-join` to these members. */
  readonly join?: readonly string[]
  /** With a `peers.json` that names these members at the addresses they have then. */
  readonly peers?: readonly string[]
}

/**
 * A cluster to try things on: the model, or real rqlited processes. Members are known by their Raft ids. Times are those
 * of the profile `local`; what is awaited is awaited for seconds.
 */
export interface RaftLab {
  /** Founds the cluster. */
  bootstrap(member: string): Promise<void>
  /** A first start that joins through others. */
  join(member: string, through: readonly string[]): Promise<void>
  /** A first start that joins nothing and founds nothing. */
  warm(member: string): Promise<void>
  /** Ports for members that will return moved, so that `peers` can name them before they are up. */
  move(members: readonly string[]): Promise<void>
  comeBack(member: string, how?: Return): Promise<void>
  stop(member: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  pause(member: string): Promise<void>
  resume(member: string): Promise<void>
  /** Writes at this very member, which must lead. @returns whether it was acknowledged, within a second or so */
  write(member: string, key: string, value: number): Promise<boolean>
  /** Reads at this member: what it has, or through Raft's log. `undefined`: no row. @throws when it cannot be said */
  read(member: string, key: string, level: 'none' | 'strong'): Promise<number | undefined>
  /** Removes a voter through a member that leads. @returns whether it was acknowledged, within a second or so */
  remove(through: string, member: string): Promise<boolean>
  /** Undefined when it doesn't answer. */
  view(member: string): Promise<LabView | undefined>
  /** Whether something comes to hold within this time. */
  within(limitMs: number, holds: () => Promise<boolean>): Promise<boolean>
  /** Lets time pass. */
  pass(durationMs: number): Promise<void>
}
