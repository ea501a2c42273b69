import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/** Characters that are kept of what a failed test said. */
const MAX_MESSAGE = 2_000

/**
 * A jest reporter that leaves one package's counts, and what failed, in the directory DBCLUSTER_TEST_TALLY: `npm test` adds
 * them up, and tells the failures where its output ends.
 */
// biome-ignore lint/style/noDefaultExport: jest takes a reporter from there
export default class TallyReporter {
  #folder = ''

  constructor(globalConfig) {
    this.#folder = globalConfig.rootDir
  }

  onRunComplete(_contexts, results) {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, wasInterrupted } = results
    const directory = process.env.DBCLUSTER_TEST_TALLY
    if (!directory) return
    // A suite that can't even be loaded has tests that nobody can count: it is one failure.
    const failed = numFailedTests + numRuntimeErrorTestSuites + (wasInterrupted ? 1 : 0)
    const name = `${basename(dirname(this.#folder))}-${basename(this.#folder)}.json`
    mkdirSync(directory, { recursive: true })
    writeFileSync(
      join(directory, name),
      JSON.stringify({ passed: numPassedTests, failed, failures: failuresOf(results, this.#folder) }),
    )
  }
}

/** Test file, test and message of each failure; a file that could not be loaded has no test. */
const failuresOf = ({ testResults }, folder) =>
  testResults.flatMap(({ testFilePath, testExecError, failureMessage, testResults: tests }) => {
    const file = relative(folder, testFilePath)
    const failed = tests.filter(({ status }) => status === 'failed')
    if (failed.length === 0 && testExecError === undefined) return []
    if (failed.length === 0) return [{ file, message: shortened(failureMessage ?? String(testExecError.message)) }]
    return failed.map(({ fullName, failureMessages }) => ({
      file,
      test: fullName,
      message: shortened(failureMessages.join('\n')),
    }))
  })

/** Without colours, and without the lines of a stack that are not ours. */
const shortened = (message) =>
  stripVTControlCharacters(message)
    .replaceAll(/^ *at .*(node_modules|<anonymous>).*\n?/gm, '')
    .trimEnd()
    .slice(0, MAX_MESSAGE)
