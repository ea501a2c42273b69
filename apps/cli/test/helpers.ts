import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLogger } from '@dbcluster/runtime'
import { createDevCluster, type DevCluster, type DevClusterInit } from '../src/dev/cluster.js'

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))

/** Processes whose arguments name a directory. */
export const processesIn = (directory: string): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory)
      } catch {
        return false
      }
    })

/** A place for clusters of stand-ins; `dispose` ends whatever a failed test has left in it. */
export const createPlayground = () => {
  const directory = mkdtempSync(join(tmpdir(), 'dbcluster-cli-'))
  const said: string[] = []
  const clusters: DevCluster[] = []
  return {
    directory,
    said,
    cluster: (init: Partial<DevClusterInit> = {}): DevCluster => {
      const cluster = createDevCluster({
        directory,
        nodes: undefined,
        gatewayPort: undefined,
        sets: [],
        env: process.env,
        programs: { node: fixture('stand-in-node.mjs'), gateway: fixture('stand-in-gateway.mjs') },
        ...init,
      })({ logger: createLogger({ level: 'error' }), say: (text) => said.push(text) })
      clusters.push(cluster)
      return cluster
    },
    dispose: async (): Promise<void> => {
      await Promise.all(clusters.map((cluster) => cluster.kill()))
      for (const pid of processesIn(directory)) process.kill(pid, 'SIGKILL')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
