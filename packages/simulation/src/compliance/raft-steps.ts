import { deepEqual, fail, ok } from 'node:assert/strict'
import type { RaftLab } from './raft-lab.js'

const SOON_MS = 8_000

/** Three members, `a`, `b` and `c`, that know each other. */
export const three = async (lab: RaftLab): Promise<void> => {
  await lab.bootstrap('a')
  await expectLeader(lab, ['a'])
  await lab.join('b', ['a'])
  await lab.join('c', ['a'])
  await expectVoters(lab, 'a', ['a', 'b', 'c'])
}

/** Waits until one of these leads; it is what all of those that answer say, or they say nothing. */
export const expectLeader = async (lab: RaftLab, members: readonly string[]): Promise<string> => {
  let leader: string | undefined
  const found = async (): Promise<boolean> => {
    const views = await Promise.all(members.map(async (member) => ({ member, view: await lab.view(member) })))
    const leaders = views.filter(({ view }) => view?.isLeader)
    leader = leaders[0]?.member
    return leaders.length === 1 && views.every(({ view }) => view === undefined || view.leader === leader)
  }
  ok(await lab.within(SOON_MS, found), `one of ${members.join(', ')} leads`)
  return leader ?? fail('nobody leads')
}

/** Nobody leads for much longer than elections take. */
export const expectNoLeader = async (lab: RaftLab, members: readonly string[]): Promise<void> => {
  const leads = async (): Promise<boolean> => {
    const views = await Promise.all(members.map((member) => lab.view(member)))
    return views.some((view) => view?.isLeader)
  }
  ok(await lab.within(SOON_MS, async () => !(await leads())), 'whoever led steps down')
  ok(!(await lab.within(4_000, leads)), `none of ${members.join(', ')} ever leads`)
}

/** Waits until this member counts exactly these voters. */
export const expectVoters = async (lab: RaftLab, member: string, voters: readonly string[]): Promise<void> => {
  let seen: readonly string[] | undefined
  const same = async (): Promise<boolean> => {
    const view = await lab.view(member)
    seen = view?.voters
    return seen?.join() === [...voters].sort().join()
  }
  if (!(await lab.within(SOON_MS, same))) deepEqual(seen, [...voters].sort())
}

/** Writes at whoever of these leads, until it is acknowledged. */
export const writeSomewhere = async (
  lab: RaftLab,
  members: readonly string[],
  key: string,
  value: number,
): Promise<void> => {
  const written = async (): Promise<boolean> => {
    for (const member of members)
      if ((await lab.view(member))?.isLeader && (await lab.write(member, key, value))) return true
    return false
  }
  ok(await lab.within(SOON_MS, written), `one of ${members.join(', ')} acknowledges ${key} = ${value}`)
}

/** All of these hold the same, know that it is committed, and nothing is added any more. */
export const expectEqualLogs = async (lab: RaftLab, members: readonly string[]): Promise<void> => {
  const common = async (): Promise<number | undefined> => {
    const views = await Promise.all(members.map((member) => lab.view(member)))
    const last = views[0]?.lastIndex
    return views.every((view) => view?.commitIndex === last && view?.lastIndex === last) ? last : undefined
  }
  const same = async (): Promise<boolean> => {
    const last = await common()
    await lab.pass(200)
    return last !== undefined && (await common()) === last
  }
  ok(await lab.within(SOON_MS, same), `${members.join(', ')} hold the same`)
}
