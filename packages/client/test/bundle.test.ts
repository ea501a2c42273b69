import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { build, type Metafile } from 'esbuild'

const SIZE_MAX_BYTES = 10 * 1024
const root = fileURLToPath(new URL('..', import.meta.url))

const bundle = async (
  code: string,
  conditions: string[],
): Promise<{ text: string; metafile: Metafile; inputs: string[] }> => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    conditions: ['@dbcluster/source', ...conditions],
    logLevel: 'silent',
  })
  return { text: outputFiles[0]?.text ?? '', metafile, inputs: Object.keys(metafile.inputs) }
}

describe('an HTTP-only bundle', () => {
  test.each([['browser'], ['workerd'], ['edge-light']])(
    'for %s has no import left and stays small',
    async (condition) => {
      const { text, metafile, inputs } = await bundle("export { createClient, sql } from '@dbcluster/client'", [
        condition,
      ])
      expect(Object.values(metafile.outputs).flatMap((output) => output.imports)).toEqual([])
      expect(inputs.filter((input) => /node_modules|network/.test(input))).toEqual([])
      expect(inputs.some((input) => input.endsWith('src/libp2p-unavailable.ts'))).toBe(true)
      expect(text).not.toMatch(/\b(?:require|process|Buffer)\b/)
      expect(gzipSync(text).length).toBeLessThan(SIZE_MAX_BYTES)
    },
  )

  test('runs where there is nothing but the web, and says what it cannot do there', async () => {
    const { text } = await bundle("export { createClient, sql } from '@dbcluster/client'", ['browser'])
    const module = (await import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`)) as {
      createClient(init: unknown): { connect(): Promise<void>; database(name: string): Promise<unknown> }
    }
    const asked: string[] = []
    const client = module.createClient({
      url: 'http://gateway',
      apiKey: 'k',
      fetch: async (url: string) => {
        asked.push(url)
        return Response.json({ created: true, cluster_id: 'ab', meta: {} })
      },
    })
    await client.database('users')
    expect(asked).toEqual(['http://gateway/v1/database/open'])
    const node = module.createClient({ app: 'a', apiKey: 'k', bootstrapPeers: ['/ip4/1.2.3.4'], networkKey: 'x' })
    await expect(node.connect()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})
