import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const findRoot = (from: string): string => {
  if (existsSync(join(from, 'pnpm-workspace.yaml'))) return from
  const parent = dirname(from)
  if (parent === from) throw new Error('the testkit works inside the repository only')
  return findRoot(parent)
}

const ROOT = findRoot(dirname(fileURLToPath(import.meta.url)))

/** The built program of an app. @throws Error when it is not built */
export const appProgram = (app: 'node' | 'gateway'): string => {
  const program = join(ROOT, 'apps', app, 'dist', 'main.js')
  if (existsSync(program)) return program
  throw new Error(`${program} is missing: run "pnpm turbo run build --filter=${app}", or use build-apps as globalSetup`)
}

/** The program that cleans up after a test run which no longer can. */
export const REAPER_PROGRAM = join(ROOT, 'packages', 'testkit', 'reaper.mjs')

/** The program that attacks a node. */
export const ATTACKER_PROGRAM = join(ROOT, 'packages', 'testkit', 'attacker.mjs')

/** The program that floods a gateway. */
export const HTTP_FLOOD_PROGRAM = join(ROOT, 'packages', 'testkit', 'attacker', 'http-flood.mjs')
