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

/** An entry point that a person or a process manager starts: no types. */
export const application = (entry = ['src/main.ts'], overrides = {}) => library(entry, { dts: false, ...overrides })
