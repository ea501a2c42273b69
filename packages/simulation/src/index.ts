export { createSimulator, type RunReport, replayCommand, SCENARIOS, type Simulator } from './run.js'
export type { Scenario, Stage } from './scenario.js'
