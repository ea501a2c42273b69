// Lets a child process of a test run this package's TypeScript, as jest does for the tests themselves.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { transform } from '@swc/core'

if (isMainThread) register(import.meta.url)

export const resolve = (specifier, context, next) => {
  if (!specifier.startsWith('.') || !specifier.endsWith('.js')) return next(specifier, context)
  const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL)
  return existsSync(fileURLToPath(source)) ? next(source.href, context) : next(specifier, context)
}

export const load = async (url, context, next) => {
  if (!url.endsWith('.ts')) return next(url, context)
  const { code } = await transform(await readFile(fileURLToPath(url), 'utf8'), {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'es6' },
  })
  return { format: 'module', source: code, shortCircuit: true }
}
