import { deepEqual, equal, ok } from 'node:assert/strict'
import type { RaftLab } from './raft-lab.js'
import { expectEqualLogs, expectLeader, expectNoLeader, expectVoters, three, writeSomewhere } from './raft-steps.js'

/** One thing that is so, wherever rqlite runs. */
export interface RaftBehaviour {
  readonly name: string
  /** It shows what must never happen to members of one cluster, and why it is kept from happening. */
  readonly isHazard?: boolean
  readonly play: (lab: RaftLab) => Promise<void>
}

const SOON_MS = 8_000
/** Longer than several elections. */
const LONG_MS = 3_000

/** The rules on which hibernation, wake-up and replacement rest; the model stands for rqlite as far as these go. */
export const RAFT_BEHAVIOURS: readonly RaftBehaviour[] = [
  {
    name: 'what is acknowledged is read through Raft at every member',
    play: async (lab) => {
      await three(lab)
      await writeSomewhere(lab, ['a', 'b', 'c'], 'x', 1)
      for (const member of ['a', 'b', 'c']) equal(await lab.read(member, 'x', 'strong'), 1)
    },
  },
  {
    name: 'a leader that is killed is replaced, and what it acknowledged stays',
    play: async (lab) => {
      await three(lab)
      await writeSomewhere(lab, ['a', 'b', 'c'], 'x', 1)
      const leader = await expectLeader(lab, ['a', 'b', 'c'])
      const others = ['a', 'b', 'c'].filter((member) => member !== leader)
      await lab.stop(leader, 'SIGKILL')
      const next = await expectLeader(lab, others)
      equal(await lab.read(next, 'x', 'strong'), 1)
      await writeSomewhere(lab, others, 'x', 2)
      await lab.comeBack(leader)
      ok(await lab.within(SOON_MS, async () => (await lab.read(leader, 'x', 'none')) === 2), 'it catches up')
    },
  },
  {
    name: 'without a majority nothing is acknowledged, and nobody leads for long',
    play: async (lab) => {
      await three(lab)
      await writeSomewhere(lab, ['a', 'b', 'c'], 'x', 1)
      await lab.stop('b', 'SIGKILL')
      await lab.stop('c', 'SIGKILL')
      equal(await lab.write('a', 'x', 2), false)
      await expectNoLeader(lab, ['a'])
      await lab.comeBack('b')
      await writeSomewhere(lab, ['a', 'b'], 'x', 3)
    },
  },
  {
    name: 'all killed and started again: everything acknowledged is there',
    play: async (lab) => {
      await three(lab)
      for (let value = 1; value <= 5; value += 1) await writeSomewhere(lab, ['a', 'b', 'c'], 'x', value)
      for (const member of ['a', 'b', 'c']) await lab.stop(member, 'SIGKILL')
      for (const member of ['a', 'b', 'c']) await lab.comeBack(member)
      const leader = await expectLeader(lab, ['a', 'b', 'c'])
      equal(await lab.read(leader, 'x', 'strong'), 5)
    },
  },
  {
    name: 'a leader that is paused is replaced; when it goes on it leads no more, and what it took up alone is gone',
    play: async (lab) => {
      await three(lab)
      await writeSomewhere(lab, ['a', 'b', 'c'], 'x', 1)
      const leader = await expectLeader(lab, ['a', 'b', 'c'])
      const others = ['a', 'b', 'c'].filter((member) => member !== leader)
      await lab.pause(leader)
      await expectLeader(lab, others)
      await writeSomewhere(lab, others, 'x', 2)
      await lab.resume(leader)
      ok(await lab.within(SOON_MS, async () => (await lab.view(leader))?.isLeader === false), 'it steps down')
      ok(await lab.within(SOON_MS, async () => (await lab.read(leader, 'x', 'none')) === 2), 'it catches up')
    },
  },
  {
    name: 'a voter is removed by a committed change, no longer counted, and disturbs nobody',
    play: async (lab) => {
      await three(lab)
      const leader = await expectLeader(lab, ['a', 'b', 'c'])
      const [gone = '', stays = ''] = ['a', 'b', 'c'].filter((member) => member !== leader)
      await lab.pause(gone)
      ok(await lab.remove(leader, gone), 'two of three are enough to remove the third')
      await expectVoters(lab, leader, [leader, stays])
      await lab.resume(gone)
      await lab.pass(LONG_MS)
      equal((await lab.view(leader))?.isLeader, true)
      ok(await lab.write(leader, 'x', 1))
      await lab.stop(stays, 'SIGKILL')
      equal(await lab.write(leader, 'x', 2), false, 'the removed one does not count')
    },
  },
  {
    name: 'no voter is removed without a majority',
    play: async (lab) => {
      await three(lab)
      const leader = await expectLeader(lab, ['a', 'b', 'c'])
      const others = ['a', 'b', 'c'].filter((member) => member !== leader)
      for (const other of others) await lab.stop(other, 'SIGKILL')
      equal(await lab.remove(leader, others[0] ?? ''), false)
    },
  },
  {
    name: 'a removed voter that starts again serves nothing',
    play: async (lab) => {
      await three(lab)
      const leader = await expectLeader(lab, ['a', 'b', 'c'])
      const [gone = ''] = ['a', 'b', 'c'].filter((member) => member !== leader)
      ok(await lab.remove(leader, gone))
      await lab.stop(gone, 'SIGTERM')
      await lab.comeBack(gone)
      await lab.pass(LONG_MS)
      equal((await lab.view(gone))?.isLeader, false)
      equal(await lab.write(gone, 'x', 1), false)
    },
  },
  {
    name: 'a newcomer that was told to join nobody is a member of nothing',
    play: async (lab) => {
      await three(lab)
      await lab.warm('d')
      await lab.pass(LONG_MS)
      const view = await lab.view('d')
      deepEqual([view?.isLeader, view?.lastIndex], [false, 0])
      await expectVoters(lab, await expectLeader(lab, ['a', 'b', 'c']), ['a', 'b', 'c'])
    },
  },
  {
    name: 'a dead voter is removed, then a newcomer joins and has everything',
    play: async (lab) => {
      await three(lab)
      await writeSomewhere(lab, ['a', 'b', 'c'], 'x', 1)
      await lab.stop('c', 'SIGKILL')
      await lab.warm('d')
      const leader = await expectLeader(lab, ['a', 'b'])
      ok(await lab.remove(leader, 'c'))
      await lab.stop('d', 'SIGTERM')
      await lab.join('d', ['a', 'b'])
      await expectVoters(lab, leader, ['a', 'b', 'd'])
      ok(await lab.within(SOON_MS, async () => (await lab.read('d', 'x', 'none')) === 1), 'it catches up')
    },
  },
  {
    name: 'a member on another port, unjoined, is reached by nobody while another leads',
    play: async (lab) => {
      await three(lab)
      const leader = await expectLeader(lab, ['a', 'b', 'c'])
      const [moved = '', other = ''] = ['a', 'b', 'c'].filter((member) => member !== leader)
      await lab.stop(moved, 'SIGTERM')
      await lab.comeBack(moved, { moved: true })
      await writeSomewhere(lab, [leader, other], 'x', 2)
      await lab.pass(LONG_MS)
      equal(await lab.read(moved, 'x', 'none').catch(() => undefined), undefined)
      ok(await lab.write(await expectLeader(lab, [leader, other]), 'x', 3), 'it disturbs nobody')
    },
  },
  {
    name: 'a member on another port that joins is at its new address, when the others have a majority without it',
    play: async (lab) => {
      await three(lab)
      const leader = await expectLeader(lab, ['a', 'b', 'c'])
      const [moved = '', other = ''] = ['a', 'b', 'c'].filter((member) => member !== leader)
      await lab.stop(moved, 'SIGTERM')
      await writeSomewhere(lab, [leader, other], 'x', 2)
      await lab.comeBack(moved, { moved: true, join: [leader, other] })
      ok(await lab.within(SOON_MS, async () => (await lab.read(moved, 'x', 'none')) === 2), 'it catches up')
      await expectVoters(lab, await expectLeader(lab, ['a', 'b', 'c']), ['a', 'b', 'c'])
    },
  },
  {
    name: 'of two that are left of three, one on another port: it leads, since it reaches the other',
    play: async (lab) => {
      await three(lab)
      await writeSomewhere(lab, ['a', 'b', 'c'], 'x', 1)
      await expectEqualLogs(lab, ['a', 'b', 'c'])
      for (const member of ['a', 'b', 'c']) await lab.stop(member, 'SIGKILL')
      await lab.comeBack('a')
      await lab.comeBack('b', { moved: true })
      ok(await lab.within(SOON_MS, async () => (await lab.view('b'))?.isLeader === true), 'b leads')
      ok(await lab.within(SOON_MS, () => lab.write('b', 'x', 2)), 'and commits')
      ok(await lab.within(SOON_MS, async () => (await lab.read('a', 'x', 'none')) === 2), 'a follows')
    },
  },
  {
    name: 'all on other ports: nobody ever leads',
    play: async (lab) => {
      await three(lab)
      for (const member of ['a', 'b', 'c']) await lab.stop(member, 'SIGTERM')
      for (const member of ['a', 'b', 'c']) await lab.comeBack(member, { moved: true })
      await expectNoLeader(lab, ['a', 'b', 'c'])
    },
  },
  {
    name: 'all on other ports with the same peers.json: everything is there',
    play: async (lab) => {
      await three(lab)
      await writeSomewhere(lab, ['a', 'b', 'c'], 'x', 7)
      for (const member of ['a', 'b', 'c']) await lab.stop(member, 'SIGTERM')
      await lab.move(['a', 'b', 'c'])
      for (const member of ['a', 'b', 'c']) await lab.comeBack(member, { peers: ['a', 'b', 'c'] })
      const leader = await expectLeader(lab, ['a', 'b', 'c'])
      await expectVoters(lab, leader, ['a', 'b', 'c'])
      equal(await lab.read(leader, 'x', 'strong'), 7)
      for (const member of ['a', 'b', 'c'])
        ok(await lab.within(SOON_MS, async () => (await lab.read(member, 'x', 'none')) === 7))
    },
  },
  {
    name: 'the last one left is made a cluster of one by peers.json, with what it had',
    play: async (lab) => {
      await three(lab)
      await writeSomewhere(lab, ['a', 'b', 'c'], 'x', 7)
      ok(await lab.within(SOON_MS, async () => (await lab.read('b', 'x', 'none')) === 7))
      for (const member of ['a', 'b', 'c']) await lab.stop(member, 'SIGKILL')
      await lab.comeBack('b', { peers: ['b'] })
      equal(await expectLeader(lab, ['b']), 'b')
      await expectVoters(lab, 'b', ['b'])
      equal(await lab.read('b', 'x', 'strong'), 7)
      ok(await lab.write('b', 'x', 8))
    },
  },
  {
    name: 'one that went on alone leads no more once the others are back: it follows them, whatever it took up alone',
    isHazard: true,
    play: async (lab) => {
      await three(lab)
      await writeSomewhere(lab, ['a', 'b', 'c'], 'x', 1)
      await expectEqualLogs(lab, ['a', 'b', 'c'])
      for (const member of ['a', 'b', 'c']) await lab.stop(member, 'SIGKILL')
      await lab.comeBack('b', { peers: ['b'] })
      equal(await expectLeader(lab, ['b']), 'b')
      ok(await lab.write('b', 'y', 2))
      for (const member of ['a', 'c']) await lab.comeBack(member)
      await writeSomewhere(lab, ['a', 'c'], 'x', 3)
      // In a higher term its entries go. In the same one nobody sees that entries of one index differ.
      ok(await lab.within(SOON_MS, async () => (await lab.view('b'))?.isLeader === false), 'b follows')
    },
  },
  {
    name: 'followers stopped first and the leader last leave equal logs, and come back with them',
    play: async (lab) => {
      await three(lab)
      await writeSomewhere(lab, ['a', 'b', 'c'], 'x', 1)
      const leader = await expectLeader(lab, ['a', 'b', 'c'])
      const last = (await lab.view(leader))?.lastIndex
      const others = ['a', 'b', 'c'].filter((member) => member !== leader)
      await expectEqualLogs(lab, ['a', 'b', 'c'])
      for (const member of [...others, leader]) await lab.stop(member, 'SIGTERM')
      for (const member of ['a', 'b', 'c']) await lab.comeBack(member)
      const views = await Promise.all(['a', 'b', 'c'].map((member) => lab.view(member)))
      ok(views.every((view) => (view?.lastIndex ?? 0) >= (last ?? 0)))
      equal(await lab.read(await expectLeader(lab, ['a', 'b', 'c']), 'x', 'strong'), 1)
    },
  },
]
