import { connect } from 'node:net'

/** Longer than any round trip on which Raft could work. */
const DIAL_LIMIT_MS = 2_000

/** Whether something accepts connections on this port, as seen from here. */
export const dial = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (reached: boolean): void => {
      socket.destroy()
      resolve(reached)
    }
    socket.setTimeout(DIAL_LIMIT_MS, () => end(false))
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
