import { defineConfig } from 'tsup'
import { application } from '../../configs/tooling/tsup.mjs'

export default defineConfig(application(['src/main.ts', 'src/sdk.ts']))
