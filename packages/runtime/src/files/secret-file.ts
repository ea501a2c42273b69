import { chmod, readFile, stat } from 'node:fs/promises'
import { DbClusterError, type Logger } from '@dbcluster/protocol'

const octal = (mode: number): string => `0${(mode & 0o777).toString(8)}`

/**
 * Reads a file that holds a secret; undefined where there is none. One that others may read is set to 0600 with a
 * warning. Where that can't be done (another owner, a read-only mount) its group's access is accepted with a warning,
 * since Kubernetes mounts secrets so, and everybody's is refused.
 * @throws DbClusterError `KEY_INVALID` when everybody may read it or it can't be read
 */
export const readSecretFile = async (file: string, logger: Logger): Promise<string | undefined> => {
  try {
    const { mode } = await stat(file)
    if ((mode & 0o077) !== 0) await closeToOthers(file, mode, logger)
    return await readFile(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (cause instanceof DbClusterError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new DbClusterError('KEY_INVALID', `the key file ${file} can't be read: ${reason}`, {
      hint: 'it must be a file that the user of this process may read',
      details: { file },
      cause,
    })
  }
}

const closeToOthers = async (file: string, mode: number, logger: Logger): Promise<void> => {
  try {
    await chmod(file, 0o600)
    logger.warn('A key file was open to other users of this machine; it is 0600 now', {
      key_file: file,
      was: octal(mode),
    })
  } catch (cause) {
    if ((mode & 0o007) !== 0)
      throw new DbClusterError(
        'KEY_INVALID',
        `the key file ${file} has mode ${octal(mode)}: everybody here may read it`,
        {
          hint: 'set its mode to 0600 (chmod 600), or to 0400 where it is mounted',
          details: { file, mode: octal(mode) },
          cause,
        },
      )
    logger.warn('A key file is open to its group and its mode could not be changed', {
      key_file: file,
      mode: octal(mode),
    })
  }
}
