import { defineConfig } from 'tsup'
import { application } from '../../configs/tooling/tsup.mjs'

/** One file with all that it needs, made from the sources of the workspace: nothing has to be built before it. */
export default defineConfig(application())
