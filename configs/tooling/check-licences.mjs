/** Reads the licences of everything that production installs: each must be one that this list allows. */
import { createReport, pnpm } from './check-report.mjs'

/** SPDX identifiers. All ask for their notice to be kept and for nothing else; a new one is a decision, not a default. */
const ALLOWED = new Set(['0BSD', 'Apache-2.0', 'BSD-3-Clause', 'ISC', 'MIT'])

/** Whether we may use it: of alternatives one must be allowed, of several that hold together all. Mixtures are for people to read. */
const isAllowed = (expression) => {
  const plain = expression.replace(/^\((.*)\)$/, '$1')
  if (/[()]/.test(plain) || (plain.includes(' OR ') && plain.includes(' AND '))) return false
  return plain.includes(' OR ')
    ? plain.split(' OR ').some((licence) => ALLOWED.has(licence))
    : plain.split(' AND ').every((licence) => ALLOWED.has(licence))
}

const report = createReport()
const printed = pnpm(['licenses', 'list', '--prod', '--json'])
// `{ [licence]: [{ name, versions, … }] }`; pnpm calls what it can't find "Unknown".
const byLicence = JSON.parse(printed.slice(printed.indexOf('{')))
for (const [licence, packages] of Object.entries(byLicence)) {
  await report.check(`${licence}: ${packages.length} packages`, () =>
    isAllowed(licence)
      ? []
      : packages.map(({ name, versions }) => `${name}@${versions.join(', ')} has a licence that isn't allowed`),
  )
}
report.finish()
