import { defineConfig } from 'tsup'
import { library } from '../../configs/tooling/tsup.mjs'

export default defineConfig(library(['src/main.ts'], { dts: false }))
