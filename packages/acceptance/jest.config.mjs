import { createRequire } from 'node:module'
import { jestConfig } from '../../configs/tooling/jest.mjs'

export default jestConfig({
  globalSetup: createRequire(import.meta.url).resolve('@dbcluster/testkit/build-apps'),
  // A cluster is started for each file, and the machine may be small: one at a time.
  maxWorkers: 1,
  testTimeout: 60_000,
})
