import { jestConfig } from '../../configs/tooling/jest.mjs'

export default jestConfig({ testTimeout: 120_000 })
