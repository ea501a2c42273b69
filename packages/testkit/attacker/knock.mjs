import net from 'node:net'
import tls from 'node:tls'

const ANSWER_MAX_BYTES = 64 * 1024
/** After its first byte an answer has this long to be complete. */
const ANSWER_MS = 200

/** Opens a TCP or TLS connection, says something (hexadecimal), and tells what came of it. */
export const knock = ({ host, port, hex, tls: options, waitMs = 1_500 }) =>
  new Promise((resolve) => {
    const where = { host, port }
    const socket =
      options === undefined ? net.connect(where) : tls.connect({ ...where, rejectUnauthorized: false, ...options })
    let answer = Buffer.alloc(0)
    const end = (outcome) => {
      clearTimeout(silence)
      socket.destroy()
      resolve({ outcome, received: answer.length, answer: answer.subarray(0, ANSWER_MAX_BYTES).toString('hex') })
    }
    let silence = setTimeout(() => end('silent'), waitMs)
    socket.once(options === undefined ? 'connect' : 'secureConnect', () => socket.write(Buffer.from(hex, 'hex')))
    socket.on('data', (chunk) => {
      if (answer.length === 0) {
        clearTimeout(silence)
        silence = setTimeout(() => end('answered'), ANSWER_MS)
      }
      answer = Buffer.concat([answer, chunk])
    })
    const ended = () => end(answer.length > 0 ? 'answered' : 'reset')
    // With TLS 1.3 a server refuses a certificate after the client has begun to speak.
    socket.once('error', ended)
    socket.once('close', ended)
  })
