export { type RunReport, replayCommand, runScenario, SCENARIOS } from './run.js'
export type { Scenario, Stage } from './scenario.js'
