import { defineConfig } from 'tsup'
import { library } from '../../configs/tooling/tsup.mjs'

/** One file with all of the workspace's sources in it: a simulation needs no earlier build of the packages it runs. */
export default defineConfig(
  library(['src/index.ts', 'src/main.ts'], {
    dts: false,
    noExternal: [/^@dbcluster\//],
    esbuildOptions: (options) => {
      options.conditions = ['@dbcluster/source']
    },
  }),
)
