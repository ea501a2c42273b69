import { fileURLToPath } from 'node:url'

/** The repository's root. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** What these scripts remember between runs; goes with node_modules. */
export const MEMORY = new URL('../../../node_modules/.dbcluster/', import.meta.url)

/** The directory that a command was typed in; npm and pnpm change to the package's own. */
export const TYPED_IN = process.env.INIT_CWD ?? process.cwd()
