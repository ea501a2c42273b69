import { connect, type Socket } from 'node:net'

/** A connection that says what it is told to, however wrong. */
export interface RawConnection {
  readonly socket: Socket
  /** Everything that came back so far. */
  readonly received: () => string
}

/** Opens one. @param deaf nothing that comes is read */
export const openRaw = (url: string, { deaf = false }: { readonly deaf?: boolean } = {}): Promise<RawConnection> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    let text = ''
    if (deaf) socket.pause()
    else socket.on('data', (data) => (text += data.toString('latin1')))
    socket.once('connect', () => resolve({ socket, received: () => text }))
    socket.once('error', reject)
    // Whoever is attacked may reset the connection at any time.
    socket.on('error', () => undefined)
  })

/** The head of a request with a body of so many bytes, which may never come. */
export const requestHead = (path: string, credential: string, bodyBytes: number): string =>
  `POST ${path} HTTP/1.1\r\nhost: attacked\r\nx-api-key: ${credential}\r\ncontent-type: application/json\r\ncontent-length: ${bodyBytes}\r\n\r\n`
