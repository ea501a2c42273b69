// Writes configs/schema/*.json and the tables of keys in README.md from the schemas of the built package.
import { readFileSync, writeFileSync } from 'node:fs'
import { configReference, gatewayJsonSchema, nodeJsonSchema } from '../dist/index.js'

const at = (path) => new URL(path, import.meta.url)

for (const [name, schema] of [
  ['node', nodeJsonSchema()],
  ['gateway', gatewayJsonSchema()],
])
  writeFileSync(at(`../../../configs/schema/${name}.schema.json`), `${JSON.stringify(schema, null, 2)}\n`)

let readme = readFileSync(at('../README.md'), 'utf8')
for (const program of ['node', 'gateway']) {
  const marks = new RegExp(`(<!-- ${program} keys -->\n)[^]*?(<!-- end -->)`)
  readme = readme.replace(marks, (_, start, end) => `${start}${configReference(program)}\n${end}`)
}
writeFileSync(at('../README.md'), readme)
