import { statfs } from 'node:fs/promises'

/** Bytes that this user may still write to the file system that holds `directory`. */
export const freeBytes = async (directory: string): Promise<number> => {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}
