import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** A jest reporter that leaves one package's counts in the directory DBCLUSTER_TEST_TALLY, for `npm test` to add up. */
// biome-ignore lint/style/noDefaultExport: jest takes a reporter from there
export default class TallyReporter {
  #folder = ''

  constructor(globalConfig) {
    this.#folder = globalConfig.rootDir
  }

  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, wasInterrupted }) {
    const directory = process.env.DBCLUSTER_TEST_TALLY
    if (!directory) return
    // A suite that can't even be loaded has tests that nobody can count: it is one failure.
    const failed = numFailedTests + numRuntimeErrorTestSuites + (wasInterrupted ? 1 : 0)
    const name = `${basename(dirname(this.#folder))}-${basename(this.#folder)}.json`
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, name), JSON.stringify({ passed: numPassedTests, failed }))
  }
}
