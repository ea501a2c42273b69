import { defineConfig } from 'tsup'
import { application } from '../../configs/tooling/tsup.mjs'

/** CommonJS packages inside an ES module still call `require` for Node's own modules. */
const REQUIRE =
  "import { createRequire as createRequireForBundle } from 'node:module'; const require = createRequireForBundle(import.meta.url);"

/**
 * One file with everything in it, made from the sources of the workspace: it starts in half the time, runs wherever it
 * is copied to, and needs nothing to be built first. Not minified, so that stack traces can be read without a map.
 */
export default defineConfig(
  application(['src/main.ts'], {
    noExternal: [/./],
    splitting: false,
    sourcemap: false,
    // esbuild does it by itself; tsup's second pass over megabytes only takes time.
    treeshake: false,
    banner: { js: REQUIRE },
    esbuildOptions(options) {
      options.conditions = ['@dbcluster/source']
    },
  }),
)
