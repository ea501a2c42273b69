import { fileURLToPath } from 'node:url'

/**
 * Tests run the TypeScript sources of every workspace package (the `@dbcluster/source` condition of its exports map),
 * so that one package's tests need no build of the others.
 */
export const jestConfig = (overrides = {}) => ({
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@dbcluster/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  setupFiles: [fileURLToPath(new URL('./promise-with-resolvers.mjs', import.meta.url))],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testMatch: ['<rootDir>/test/**/*.test.ts', '<rootDir>/src/**/*.test.ts'],
  testTimeout: 20_000,
  passWithNoTests: true,
  reporters: ['default', fileURLToPath(new URL('./tally-reporter.mjs', import.meta.url))],
  ...overrides,
})
