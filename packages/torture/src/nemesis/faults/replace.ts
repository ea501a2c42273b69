import { setTimeout as pause } from 'node:timers/promises'
import type { Member } from '../../cluster/member.js'
import type { Fault } from '../fault.js'
import { hibernate, noHibernation, noReplacement } from '../features.js'
import type { Field } from '../field.js'

/** Nodes that are up while one is lost; below that a new one comes. */
const MEMBERS_MIN = 5
/** Failure detection, an offer, a join; on a busy machine. */
const REPLACED_LIMIT_MS = 60_000

/** A node dies for good: its replicas are replaced while everybody writes. Then the old one returns all the same. */
export const replaceAwake: Fault = {
  name: 'replace-node-awake',
  refusal: () => Promise.resolve(noReplacement()),
  strike: async (field, begin) => {
    const database = field.random.pick(field.databases)
    const member = (await field.leaderOf(database)) ?? field.random.pick(field.members)
    if (member.isSmall) return
    await field.deposing(member, 'host killed')
    begin(`${member.name}, which leads ${database}`)
    await lose(field, member)
    for (const name of field.databases) await replaced(field, name, member)
    await comeBack(field, member)
  },
}

/** The same to a database that sleeps: it is woken for it, or replaced when it wakes. */
export const replaceAsleep: Fault = {
  name: 'replace-node-asleep',
  refusal: async (field) => noReplacement() ?? (await noHibernation(field)),
  strike: async (field, begin) => {
    const database = field.random.pick(field.databases)
    field.load.rest(database)
    try {
      const asleep = await hibernate(field, database)
      const replica = field.random.shuffle((await field.status(database))?.replicas ?? [])[0]
      const member = field.members.find(({ peerId }) => peerId === replica?.peer_id)
      if (member === undefined || member.isSmall) return
      begin(`${member.name}, ${database} ${asleep === 200 ? 'asleep' : 'awake after all'}`)
      await lose(field, member)
      await pause(field.random.integer(2_000, 8_000))
      field.load.resume(database)
      await replaced(field, database, member)
      await comeBack(field, member)
    } finally {
      field.load.resume(database)
    }
  },
}

/** For good, as far as anybody knows: so only when the others have a majority without it. */
const lose = async (field: Field, member: Member): Promise<void> => {
  for (const name of field.databases) await field.recovered(name, REPLACED_LIMIT_MS)
  await member.powerCut()
  field.lost.add(member)
  if (field.members.length < MEMBERS_MIN) await field.cluster.addMember()
}

/** Whole again, on other nodes than the one that is gone. */
const replaced = async (field: Field, database: string, gone: Member): Promise<void> => {
  const startedMs = performance.now()
  const isWhole = await field.recovered(database, REPLACED_LIMIT_MS, gone)
  if (!isWhole)
    field.problem(`${database}: the replica on ${gone.name} was not replaced within ${REPLACED_LIMIT_MS} ms`)
  else field.note(`${database} whole again without ${gone.name} after ${Math.round(performance.now() - startedMs)} ms`)
}

/** Its directory is of yesterday: what it holds is disowned, or it is a member again. */
const comeBack = async (field: Field, member: Member): Promise<void> => {
  field.lost.delete(member)
  await field.start([member])
  await pause(2_000)
}
