import { statfs } from 'node:fs/promises'

/** A file system that fills up at full speed is noticed before much is missed. */
const LOOK_EVERY_MS = 250
/** Room is back only when there is so much more than what it takes, or replicas would come and go. */
const BACK_AT = 2

/** For what a replica writes until it is stopped, and for the node's own store. */
const FLOOR_BYTES = 16 * 1024 * 1024

export interface RoomWatchInit {
  readonly directory: string
  /** Less free room than this is too little. @default 16 MiB */
  readonly floorBytes: number | undefined
  /** Told once each time that room becomes short. */
  readonly onShort: (freeBytes: number) => void
  readonly onBack: (freeBytes: number) => void
}

/** Watches the free room of a file system. Where that can't be learnt there is enough. */
export class RoomWatch {
  readonly #init: RoomWatchInit
  #timer: NodeJS.Timeout | undefined
  #watching = false
  #short = false
  #hadRoomAtMs = Date.now()

  constructor(init: RoomWatchInit) {
    this.#init = init
  }

  /** Whether there was too little at the last look. */
  get short(): boolean {
    return this.#short
  }

  /** When there was last enough, as files' times have it: what was written before is whole. */
  get hadRoomAtMs(): number {
    return this.#hadRoomAtMs
  }

  /** Looks again and again from now on. Idempotent. */
  start(): void {
    if (this.#watching) return
    this.#watching = true
    this.#lookLater()
  }

  stop(): void {
    this.#watching = false
    clearTimeout(this.#timer)
  }

  /** Looks now. @returns whether there is too little */
  async look(): Promise<boolean> {
    const { directory, floorBytes = FLOOR_BYTES, onShort, onBack } = this.#init
    const atMs = Date.now()
    const freeBytes = await statfs(directory).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => undefined,
    )
    const short = freeBytes !== undefined && freeBytes < (this.#short ? BACK_AT * floorBytes : floorBytes)
    const changed = short !== this.#short
    this.#short = short
    if (!short) this.#hadRoomAtMs = atMs
    if (changed && freeBytes !== undefined) (short ? onShort : onBack)(freeBytes)
    return short
  }

  #lookLater(): void {
    if (!this.#watching) return
    this.#timer = setTimeout(() => void this.look().then(() => this.#lookLater()), LOOK_EVERY_MS)
    this.#timer.unref()
  }
}
