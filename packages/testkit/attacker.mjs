/**
 * A peer that keeps to no rule, in a process of its own. Reads a plan (JSON) from standard input, writes one line of JSON
 * for each attempt, in order, and ends.
 *
 *   { target, networkKey?, parallel?, attempts: [...] }
 *
 * `target` is a multiaddr with peer id, `networkKey` the text of a swarm-key file; without it the attacker has none.
 * `parallel` attempts are made at a time, 1 unless said.
 */
import './attacker/polyfill.mjs'
import { text } from 'node:stream/consumers'
import { flood } from './attacker/flood.mjs'
import { http } from './attacker/http.mjs'
import { knock } from './attacker/knock.mjs'
import { createLibp2pKinds } from './attacker/libp2p.mjs'
import { rogue } from './attacker/rogue.mjs'

const plan = JSON.parse(await text(process.stdin))
const KINDS = {
  ...createLibp2pKinds(plan),
  http,
  knock,
  flood: (attempt) => flood(plan.target, attempt),
  rogue: (attempt) => rogue(plan, attempt),
}

/** Each attempt's result, in the order of the attempts. */
const results = plan.attempts.map(() => Promise.withResolvers())
let next = 0
const work = async () => {
  while (next < plan.attempts.length) {
    const at = next
    next += 1
    const attempt = plan.attempts[at]
    const failed = (error) => ({ outcome: 'failed', reason: String(error) })
    results[at].resolve(await KINDS[attempt.kind](attempt).catch(failed))
  }
}
const workers = Array.from({ length: plan.parallel ?? 1 }, work)
for (const { promise } of results) process.stdout.write(`${JSON.stringify(await promise)}\n`)
await Promise.all(workers)
// What is still in the pipe goes out before the process does.
process.stdout.end(() => process.exit(0))
