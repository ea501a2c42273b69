import { jestConfig } from '../../configs/tooling/jest.mjs'

// Each of these tests starts several processes; on a loaded machine one alone takes seconds.
export default jestConfig({ testTimeout: 90_000 })
