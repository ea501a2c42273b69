import { defineConfig } from 'tsup'
import { library } from '../../configs/tooling/tsup.mjs'

export default defineConfig(
  library(['src/index.ts', 'src/errors.ts', 'src/values.ts', 'src/names.ts', 'src/json.ts', 'src/limits.ts']),
)
