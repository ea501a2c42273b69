import { readdirSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const LONG_AGO = new Date('2001-01-01')
const LATER = new Date('2002-01-01')

/** Every file below a directory, with its size and the time of its last change. What vanishes meanwhile is left out. */
export const treeOf = (directory: string): ReadonlyMap<string, string> =>
  new Map(
    filesOf(directory).flatMap((file) => {
      const state = statSync(file, { throwIfNoEntry: false })
      return state === undefined ? [] : [[relative(directory, file), `${state.size} ${state.mtimeMs}`] as const]
    }),
  )

/** rqlited renames a snapshot's directory once it is whole: one that was listed may be gone when it is looked into. */
const filesOf = (directory: string): readonly string[] =>
  readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    if (!entry.isDirectory()) return entry.isFile() ? [path] : []
    try {
      return filesOf(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  })

/** Files that a process has open now. */
export const openFilesOf = (pid: number): readonly string[] =>
  readdirSync(`/proc/${pid}/fd`)
    .flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)]
      } catch {
        return [] // closed meanwhile
      }
    })
    .filter((file) => file.startsWith('/'))

/** A read changes the time of the last access only where that lies before the last change (mount(8), `relatime`). */
export const markUnread = (file: string): void => utimesSync(file, LONG_AGO, LATER)

/** Whether anybody read a file since it was marked; never true where the system records no accesses (`noatime`). */
export const wasRead = (file: string): boolean => statSync(file).atimeMs > LATER.getTime()

/** Whether the system records accesses to files of this directory. */
export const accessIsRecorded = (directory: string): boolean => {
  const file = join(directory, 'probe.txt')
  writeFileSync(file, 'probe')
  markUnread(file)
  readFileSync(file)
  const recorded = wasRead(file)
  rmSync(file)
  return recorded
}
