import { jestConfig } from '../../configs/tooling/jest.mjs'

export default jestConfig()
