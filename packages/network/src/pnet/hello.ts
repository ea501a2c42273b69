/** What every libp2p connection begins with, in both directions: a length and multistream-select's name. */
const HELLO = new TextEncoder().encode('\x13/multistream/1.0.0\n')

/** Checks the first bytes of a connection. */
export interface HelloCheck {
  readonly passed: boolean
  /** False as soon as a byte differs. */
  accepts(data: Uint8Array): boolean
}

/**
 * The private-network protocol itself never says that keys differ: the other side's bytes just come out as garbage.
 * But the first ones are known, so garbage can be told at once instead of after a timeout.
 */
export const createHelloCheck = (): HelloCheck => {
  let seen = 0
  return {
    get passed() {
      return seen === HELLO.length
    },
    accepts(data) {
      const count = Math.min(data.length, HELLO.length - seen)
      for (let index = 0; index < count; index++) if (data[index] !== HELLO[seen + index]) return false
      seen += count
      return true
    },
  }
}
