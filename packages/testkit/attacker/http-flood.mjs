/**
 * Asks a gateway for the same thing without end and heeds no answer, in a process of its own. Reads a plan (JSON, one
 * line) from standard input, says `flooding` when every connection has had an answer or failed, and floods until standard
 * input ends; then says what came of it (JSON) and ends.
 *
 *   { host, port, connections, pipelined, request }
 *
 * Each of the `connections` has `pipelined` requests on their way at any time. `request` is one whole request, in HTTP/1.1.
 */
import { connect } from 'node:net'
import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })
const { host, port, connections, pipelined, request } = JSON.parse((await lines[Symbol.asyncIterator]().next()).value)
const STATUS_LINE = /HTTP\/1\.1 (\d{3}) /g

const outcomes = {}
const count = (what) => {
  outcomes[what] = (outcomes[what] ?? 0) + 1
}
let settled = 0
let ended = false

const run = (settle) => {
  let answered = false
  const answer = () => {
    if (!answered) settle()
    answered = true
  }
  const socket = connect(port, host, () => socket.write(request.repeat(pipelined)))
  socket.setNoDelay(true)
  socket.on('data', (data) => {
    answer()
    const statuses = [...data.toString('latin1').matchAll(STATUS_LINE)]
    for (const [, status] of statuses) count(status)
    if (socket.writable) socket.write(request.repeat(statuses.length))
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    answer()
    if (ended) return
    count('closed')
    setTimeout(run, 10, () => undefined)
  })
}

const settle = () => {
  settled += 1
  if (settled === connections) process.stdout.write('flooding\n')
}
for (let index = 0; index < connections; index += 1) run(settle)

lines.on('close', () => {
  ended = true
  const { user, system } = process.cpuUsage()
  process.stdout.write(`${JSON.stringify({ outcomes, cpuSeconds: (user + system) / 1e6 })}\n`, () => process.exit(0))
})
