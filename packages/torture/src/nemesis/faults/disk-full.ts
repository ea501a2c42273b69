import { open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Fault } from '../fault.js'

const CHUNK = Buffer.alloc(1024 * 1024)

/** Somebody else's file takes all the room on the small disk of one node, until it is removed again. */
export const fillDisk: Fault = {
  name: 'fill-disk',
  refusal: async (field) =>
    field.cluster.machine.kind === 'namespaces' ? undefined : 'this machine allows no mounts of our own',
  strike: async (field, begin) => {
    const member = field.members.find(({ isSmall }) => isSmall)
    if (member === undefined) return
    begin(member.name)
    const filler = join(member.node.dataDir, 'filler')
    try {
      await fill(filler)
      await pause(field.random.integer(2_000, 6_000))
    } finally {
      await rm(filler, { force: true })
    }
    await pause(1_500)
    // It may have given up; then somebody starts it again once there is room.
    await field.start([member])
  },
}

const fill = async (path: string): Promise<void> => {
  const { bavail, bsize } = await statfs(join(path, '..'))
  const file = await open(path, 'w')
  try {
    for (let left = bavail * bsize; left > 0; left -= CHUNK.length) await file.write(CHUNK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    await file.close()
  }
}
