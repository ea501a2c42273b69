/**
 * Asks the registry for known vulnerabilities of what production installs. High and critical ones fail, unless they are
 * accepted below; lower ones are told. A registry that gives no answer (many mirrors don't) is a skip, and no pass.
 */
import { attemptPnpm, createReport } from './check-report.mjs'

/** Advisories that we live with: their id (GHSA-…), and why they can do no harm here. One that is no longer reported must go. */
const ACCEPTED = new Map([])

const FAILING = new Set(['high', 'critical'])
const TIMEOUT_MS = 120_000
/** What pnpm says when the registry has no audit, or can't be reached. Anything else that isn't a report is a fault. */
const NO_ANSWER =
  /ERR_PNPM_AUDIT_(BAD_RESPONSE|ENDPOINT_NOT_EXISTS)|\b(ENOTFOUND|EAI_AGAIN|ECONN(REFUSED|RESET|ABORTED)|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT)\b/

/** The registry's advisories; or why there is no answer. Throws when neither can be read. */
const askRegistry = () => {
  const asked = ['audit', '--prod', '--json', '--config.fetch-retries=1']
  const { stdout, stderr, error } = attemptPnpm(asked, { timeoutMs: TIMEOUT_MS })
  const printed = `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`
  const answer = parse(stdout ?? '')
  // An advisory's own text may speak of anything: where there are advisories, there was an answer.
  if (answer?.advisories !== undefined) return { advisories: Object.values(answer.advisories) }
  if (NO_ANSWER.test(printed)) return { silence: answer?.error?.message ?? printed.trim().slice(-500) }
  throw new Error(`pnpm audit gave no report:\n${printed.slice(-2_000)}`)
}

const parse = (text) => {
  try {
    return JSON.parse(text.slice(text.indexOf('{')))
  } catch {
    return undefined
  }
}

const idOf = ({ github_advisory_id: ghsa, id }) => ghsa ?? String(id)
const describe = (advisory) =>
  `${idOf(advisory)} ${advisory.severity}: ${advisory.module_name} ${advisory.vulnerable_versions}: ${advisory.title}`

const report = createReport()
const { advisories, silence } = askRegistry()
if (advisories === undefined) {
  const reason = `the registry does not answer: ${silence}`
  report.skip('known vulnerabilities of production dependencies', reason)
  if (process.env.GITHUB_ACTIONS)
    console.log('::warning title=Not audited::The registry gave no list of vulnerabilities')
} else {
  for (const advisory of advisories.filter(({ severity }) => !FAILING.has(severity))) {
    console.log(`note ${describe(advisory)}`)
  }
  await report.check('no high or critical vulnerability in production dependencies', () =>
    advisories.filter((advisory) => FAILING.has(advisory.severity) && !ACCEPTED.has(idOf(advisory))).map(describe),
  )
  const reported = new Set(advisories.map(idOf))
  for (const [id, reason] of ACCEPTED) {
    await report.check(`accepted: ${id}: ${reason}`, () =>
      reported.has(id) ? [] : ['it is no longer reported: take it off the list'],
    )
  }
}
report.finish()
