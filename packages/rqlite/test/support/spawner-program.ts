import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** Makes the program that a spawner runs, as the node's build does. @returns its path */
export const buildSpawnerProgram = async (directory: string): Promise<string> => {
  const outfile = join(directory, 'spawner.mjs')
  const source = fileURLToPath(new URL('../../src/process/spawner/serve-spawner.ts', import.meta.url))
  await build({
    stdin: {
      contents: `import { serveSpawner } from ${JSON.stringify(source)}\nserveSpawner(process, () => process.exit(0))`,
      resolveDir: directory,
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@dbcluster/source'],
    outfile,
    logLevel: 'silent',
  })
  return outfile
}
