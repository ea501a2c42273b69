import { defineConfig } from 'tsup'
import { library } from '../../configs/tooling/tsup.mjs'

/** The pieces of the protocol that the HTTP core needs are put into it, so that it has no import left. */
const INLINED = /^@dbcluster\/protocol\/(?:errors|json|limits|names|values)$/

export default defineConfig(
  library(['src/index.ts', 'src/libp2p.ts', 'src/libp2p-unavailable.ts'], {
    noExternal: [INLINED],
    external: ['#libp2p'],
    esbuildOptions(options) {
      options.conditions = ['@dbcluster/source']
    },
  }),
)
