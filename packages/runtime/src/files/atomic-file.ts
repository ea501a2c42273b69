import { randomBytes } from 'node:crypto'
import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Settings of {@link writeFileAtomic} and {@link createFileExclusive}. */
export interface AtomicFileInit {
  /** Permissions of the file. @default 0o600 */
  readonly mode?: number
}

/**
 * Writes a whole file so that a reader, or a start after a crash, sees the old content or the new, never a part. It is
 * on disk when the promise resolves. Directories are made as needed, for the owner alone.
 */
export const writeFileAtomic = async (
  file: string,
  data: string | Uint8Array,
  init: AtomicFileInit = {},
): Promise<void> => {
  const temporary = await writeTemporary(file, data, init)
  try {
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(dirname(file))
}

/** The same, but only where no file is yet; false, and nothing changed, where there is one. */
export const createFileExclusive = async (
  file: string,
  data: string | Uint8Array,
  init: AtomicFileInit = {},
): Promise<boolean> => {
  const temporary = await writeTemporary(file, data, init)
  try {
    // Unlike rename, link fails where the name is taken.
    await link(temporary, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
  await syncDirectory(dirname(file))
  return true
}

const writeTemporary = async (
  file: string,
  data: string | Uint8Array,
  { mode = 0o600 }: AtomicFileInit,
): Promise<string> => {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  const handle = await open(temporary, 'wx', mode)
  try {
    await handle.writeFile(data)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return temporary
}

/** A new name is on disk only once its directory is. */
const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
