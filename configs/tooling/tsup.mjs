/** The one way packages here are built: ESM and types for Node 20, one file per entry, source maps beside it. */
export const library = (entry = ['src/index.ts'], overrides = {}) => ({
  entry,
  format: ['esm'],
  target: 'node20',
  dts: true,
  clean: true,
  sourcemap: true,
  treeshake: true,
  ...overrides,
})

/** CommonJS packages inside an ES module still call `require` for Node's own modules. */
const REQUIRE =
  "import { createRequire as createRequireForBundle } from 'node:module'; const require = createRequireForBundle(import.meta.url);"

/**
 * An entry point that a person or a process manager starts: one file with everything in it but `external`, made from
 * the sources of the workspace. It starts in half the time, runs wherever it is copied to, and needs nothing to be built
 * first. Not minified, so that stack traces can be read without a map.
 */
export const application = (entry = ['src/main.ts'], { external = [], ...overrides } = {}) =>
  library(entry, {
    dts: false,
    external,
    noExternal: [new RegExp(`^(?!(?:${external.join('|') || '$'})(?:/|$))`)],
    splitting: entry.length > 1,
    sourcemap: false,
    // esbuild does it by itself; tsup's second pass over megabytes only takes time.
    treeshake: false,
    banner: { js: REQUIRE },
    esbuildOptions(options) {
      options.conditions = ['@dbcluster/source']
    },
    ...overrides,
  })
