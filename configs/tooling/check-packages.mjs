/** Packs every publishable package and examines the tarball: what users get, not what stands in the repository. */
import { existsSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import ts from 'typescript'
import { createReport, pack, ROOT, run, withTempDir, workspacePackages } from './check-report.mjs'
import { readTarball } from './check-tarball.mjs'

/** The condition under which this workspace reads sources; a published package must not have it. */
const SOURCE_CONDITION = '@dbcluster/source'

/** Every file that an exports map leads to. */
const targets = (node) => (typeof node === 'string' ? [node] : Object.values(node ?? {}).flatMap(targets))

const contentFaults = (files) =>
  ['LICENSE', 'README.md', 'package.json']
    .filter((file) => !files.has(file))
    .map((file) => `${file} is missing`)
    .concat(
      [...files.keys()]
        .filter((file) => !/^(dist\/|LICENSE$|README\.md$|CHANGELOG\.md$|package\.json$)/.test(file))
        .map((file) => `${file} does not belong into the tarball`),
    )

const manifestFaults = (files, manifest) => {
  const exported = JSON.stringify(manifest.exports ?? {})
  return [
    ...(manifest.exports === undefined ? ['no exports map'] : []),
    ...(exported.includes(SOURCE_CONDITION) || exported.includes('./src/')
      ? ['the exports map leads to sources: publishConfig.exports was not applied']
      : []),
    ...targets(manifest.exports)
      .filter((target) => !target.includes('*') && !files.has(target.replace(/^\.\//, '')))
      .map((target) => `exports leads to ${target}, which is not in the tarball`),
    ...['dependencies', 'peerDependencies', 'optionalDependencies'].flatMap((kind) =>
      Object.entries(manifest[kind] ?? {})
        .filter(([, version]) => /^(workspace|catalog|link|file):/.test(version))
        .map(([name, version]) => `${kind}.${name} is "${version}": nobody else can install that`),
    ),
  ]
}

/**
 * The exports map of the repository and that of the tarball must be the same, but for the source condition; what has
 * nothing else (suites that other packages' tests run) is not published.
 */
const driftFaults = (source, packed) => {
  const strip = (node) =>
    typeof node === 'string'
      ? node
      : Object.fromEntries(
          Object.entries(node ?? {})
            .flatMap(([key, value]) => (key === SOURCE_CONDITION ? [] : [[key, strip(value)]]))
            .filter(([, value]) => typeof value === 'string' || Object.keys(value).length > 0),
        )
  return JSON.stringify(strip(source.exports)) === JSON.stringify(packed.exports)
    ? []
    : ['exports and publishConfig.exports differ in more than the source condition']
}

/** Imports in the built code and types that the package does not declare: they resolve here and nowhere else. */
const importFaults = (files, manifest) => {
  const declared = new Set([
    manifest.name,
    ...['dependencies', 'peerDependencies', 'optionalDependencies'].flatMap((kind) =>
      Object.keys(manifest[kind] ?? {}),
    ),
  ])
  const builtin = new Set(builtinModules)
  return [...files].flatMap(([file, bytes]) => {
    if (!/\.(js|d\.ts)$/.test(file)) return []
    const { importedFiles } = ts.preProcessFile(bytes.toString('utf8'), true, true)
    const undeclared = importedFiles
      .map(({ fileName }) => fileName)
      .filter((name) => !/^[.#]/.test(name) && !name.startsWith('node:') && !builtin.has(name))
      .map((name) =>
        name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      )
      .filter((name) => !declared.has(name))
    return [...new Set(undeclared)].map((name) => `${file} imports ${name}, which is no dependency`)
  })
}

const publintFaults = async (tarball) => {
  const { buffer, byteOffset, byteLength } = readFileSync(tarball)
  const { messages, pkg } = await publint({
    pack: { tarball: buffer.slice(byteOffset, byteOffset + byteLength) },
    strict: true,
  })
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`)
}

/** Are the types wrong? Every entry point, as an ESM project resolves it. */
const typesFaults = (tarball) => {
  run(process.execPath, [
    join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js'),
    tarball,
    '--profile',
    'esm-only',
    '--no-definitely-typed',
    '--no-color',
    '--no-emoji',
    '--format',
    'ascii',
  ])
}

const report = createReport()
await withTempDir(async (dir) => {
  for (const { folder, path, manifest } of workspacePackages().filter((at) => at.manifest.private !== true)) {
    if (!existsSync(join(path, 'dist'))) {
      await report.check(`${manifest.name} is built`, () => [`${folder}/dist is missing: run "pnpm build" first`])
      continue
    }
    let tarball
    await report.check(`${manifest.name} can be packed`, () => {
      tarball = pack(folder, dir)
    })
    if (tarball === undefined) continue
    const files = readTarball(tarball)
    const packed = JSON.parse(files.get('package.json')?.toString('utf8') ?? '{}')
    console.log(`${manifest.name}: ${files.size} files, ${(readFileSync(tarball).length / 1024).toFixed(0)} KiB packed`)
    await report.check(`${manifest.name} holds what it should and no more`, () => contentFaults(files))
    await report.check(`${manifest.name} has a manifest that others can use`, () => [
      ...manifestFaults(files, packed),
      ...driftFaults(manifest, packed),
    ])
    await report.check(`${manifest.name} declares what it imports`, () => importFaults(files, packed))
    await report.check(`${manifest.name} passes publint`, () => publintFaults(tarball))
    await report.check(`${manifest.name} passes "are the types wrong"`, () => typesFaults(tarball))
  }
})
report.finish()
