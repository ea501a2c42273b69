/** Reads the tracked files for what must not be in a repository that others clone. */
import { existsSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { createReport, ROOT, run, workspacePackages } from './check-report.mjs'

/** A file above this is two files (the house style asks for 60 to 150 lines). */
const SOURCE_LINES_MAX = 300
const BINARY = new Set(['.png', '.jpg', '.ico', '.gz', '.sqlite', '.db', '.woff2'])

const tracked = run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'])
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)))
const texts = new Map(
  tracked.filter((file) => !BINARY.has(extname(file))).map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]),
)

/** Every line of the chosen files that a pattern hits, as `file:line: text`. */
const grep = (pattern, choose) =>
  [...texts]
    .filter(([file]) => choose(file))
    .flatMap(([file, text]) =>
      text
        .split('\n')
        .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim().slice(0, 140)}`] : [])),
    )

const isSource = (file) => /^(packages|apps)\/[^/]+\/src\/.*\.tsx?$/.test(file)
const isTest = (file) => /\.test\.tsx?$/.test(file)
const isLockfile = (file) => file === 'pnpm-lock.yaml'
const isThisFile = (file) => file.endsWith('check-hygiene.mjs')

const ROOT_PACKAGE = { folder: '.', manifest: JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) }

/** Versions stand in the catalog of pnpm-workspace.yaml, one per dependency; workspace packages are linked. */
const looseVersions = () =>
  [ROOT_PACKAGE, ...workspacePackages()].flatMap(({ folder, manifest }) =>
    ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'].flatMap((kind) =>
      Object.entries(manifest[kind] ?? {})
        .filter(([, version]) => version !== 'catalog:' && version !== 'workspace:*')
        .map(([name, version]) => `${folder}/package.json: ${kind}.${name} is "${version}", not "catalog:"`),
    ),
  )

const report = createReport()
console.log(`reading ${texts.size} files`)
await report.check('no path of somebody’s machine', () =>
  grep(/(^|[^\w.])\/(home|Users|root|work)\/[\w.-]+/, (file) => !isThisFile(file) && !isLockfile(file)),
)
await report.check('no registry host in lockfile or settings', () => [
  ...grep(/tarball:|https?:\/\/[^\s/]*(registry|npm|localhost|:\d)/, isLockfile),
  ...grep(/registry\s*[=:]|_auth/, (file) => /(^|\/)\.npmrc$|pnpm-workspace\.yaml$/.test(file)),
])
await report.check('no skipped, focused or empty tests', () =>
  grep(/\b(test|it|describe)\.(skip|only|todo|failing)\b|\b(xtest|xit|xdescribe|fit|fdescribe)\(/, isTest),
)
await report.check(`no source file above ${SOURCE_LINES_MAX} lines`, () =>
  [...texts]
    .filter(([file]) => isSource(file))
    .map(([file, text]) => [file, text.split('\n').length - 1])
    .filter(([, lines]) => lines > SOURCE_LINES_MAX)
    .map(([file, lines]) => `${file} has ${lines} lines`),
)
await report.check('nothing that a build or a run makes is tracked', () =>
  tracked.filter((file) =>
    /(^|\/)(dist|node_modules|coverage|\.turbo)\/|\.generated\b|\.tgz$|\.tsbuildinfo$/.test(file),
  ),
)
await report.check('no unfinished work marked in the sources', () => grep(/\b(TODO|FIXME)\b/, isSource))
await report.check('no private key', () =>
  grep(
    /BEGIN [A-Z ]*PRIVATE KEY|\/key\/swarm\/psk/,
    (file) => !isSource(file) && !isTest(file) && !isThisFile(file) && !file.startsWith('docs/'),
  ),
)
await report.check('every version comes from the catalog', looseVersions)
report.finish()
