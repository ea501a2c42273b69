import { fileURLToPath } from 'node:url'
import { jestConfig } from '../../configs/tooling/jest.mjs'

export default jestConfig({
  globalSetup: fileURLToPath(new URL('./build-apps.mjs', import.meta.url)),
  maxWorkers: 1,
})
