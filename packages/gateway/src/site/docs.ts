import { ENDPOINTS } from '../endpoints/all.js'
import type { Endpoint } from '../endpoints/endpoint.js'

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}' +
  'code,pre{font:14px/1.5 ui-monospace,monospace}table{border-collapse:collapse;width:100%}' +
  'td,th{text-align:left;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #ddd;vertical-align:top}' +
  'pre{background:#f4f4f4;padding:1rem;overflow:auto}' +
  '@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}pre{background:#222}td,th{border-color:#333}a{color:#8ab4ff}}'

/** A page that lists the endpoints; nothing of it comes from elsewhere. */
export const createDocs = (version: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>dbcluster gateway</title><style>${STYLE}</style></head><body>
<h1>dbcluster gateway</h1>
<p>Version ${escapeHtml(version)}. The whole description, for tools: <a href="/openapi.json">/openapi.json</a>.
Every endpoint needs <code>Authorization: Bearer &lt;JWT or API key&gt;</code> or <code>X-API-Key: &lt;API key&gt;</code>.</p>
<pre>curl -H 'X-API-Key: …' -H 'Content-Type: application/json' \\
  -d '{"database":"users","sql":"SELECT 1 AS one"}' http://localhost:8080/v1/database/query</pre>
<table><thead><tr><th>Endpoint</th><th>Fields</th><th></th></tr></thead><tbody>
${ENDPOINTS.map(row).join('\n')}
</tbody></table>
<p>Beside these: <a href="/healthz">/healthz</a>, <a href="/readyz">/readyz</a>, <a href="/metrics">/metrics</a>.
Errors: <code>{"error":{"code","message","hint","request_id"}}</code>.</p>
</body></html>
`

const row = ({ method, path, input, summary }: Endpoint): string => {
  const required = new Set<string>(input.required)
  const fields = Object.keys(input.properties).map((name) => `<code>${name}${required.has(name) ? '' : '?'}</code>`)
  return `<tr><td><code>${method} ${escapeHtml(path)}</code></td><td>${fields.join(', ')}</td><td>${escapeHtml(summary)}</td></tr>`
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
