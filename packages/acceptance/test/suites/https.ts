import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { createReplicaSecurity } from '@dbcluster/rqlite'
import { findPortRanges, type TestCluster, TestGateway } from '@dbcluster/testkit'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

const HOUR_MS = 3_600_000

/** A certificate, its key and its authority, as any authority would make them; the maker of replicas' is at hand. */
const makeCertificate = () => {
  const seed = randomBytes(32)
  const derive = (purpose: string): readonly Uint8Array[] => [
    new Uint8Array(createHash('sha256').update(seed).update(purpose).digest()),
  ]
  const name = 'ab'.repeat(16)
  const made = createReplicaSecurity({ derive }).certificates({ clusterId: name }, Date.now(), HOUR_MS)
  return { ...made, servername: `${name}.dbcluster.internal` }
}

/** A gateway that speaks HTTPS. */
export const describeHttps = (of: () => TestCluster): void =>
  describe('a gateway with a certificate', () => {
    const made = makeCertificate()
    let gateway: TestGateway
    beforeAll(async () => {
      const cluster = of()
      const directory = join(cluster.directory, 'https')
      mkdirSync(directory)
      const [certFile, keyFile, networkKeyFile] = ['cert.pem', 'key.pem', 'network.key'].map((name) =>
        join(directory, name),
      )
      writeFileSync(certFile ?? '', made.certificate)
      writeFileSync(keyFile ?? '', made.privateKey, { mode: 0o600 })
      writeFileSync(networkKeyFile ?? '', cluster.networkKey, { mode: 0o600 })
      const [ports] = await findPortRanges(1, 1)
      gateway = new TestGateway({
        directory,
        port: ports?.start ?? 0,
        bootstrapPeers: cluster.nodes.flatMap(({ multiaddrs }) => multiaddrs),
        networkKeyFile: networkKeyFile ?? '',
        sets: [`gateway.tls_cert_file=${certFile}`, `gateway.tls_key_file=${keyFile}`],
        authority: { ca: made.authorities, servername: made.servername },
      })
      await gateway.start()
    }, 60_000)
    afterAll(() => gateway?.kill('SIGKILL'))

    const get = (
      path: string,
      key: string,
    ): Promise<{ readonly status: number; readonly headers: object; readonly text: string }> =>
      new Promise((resolve, reject) => {
        const options = {
          ca: made.authorities,
          servername: made.servername,
          headers: { 'x-api-key': key },
          agent: false,
        }
        request(`${gateway.url}${path}`, options, (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
        })
          .on('error', reject)
          .end()
      })

    test('serves whoever trusts its authority, and tells browsers to stay with HTTPS', async () => {
      const answer = await get('/v1/database/list', of().key)
      expect(answer).toMatchObject({ status: 200, headers: { 'strict-transport-security': 'max-age=31536000' } })
      expect(JSON.parse(answer.text)).toHaveProperty('databases')
      expect((await get('/v1/database/list', 'dbc_none_x')).status).toBe(401)
    })

    test('gives nothing to plain HTTP and to old TLS, and a client that does not know its authority sends nothing', async () => {
      await expect(fetch(gateway.url.replace('https', 'http'))).rejects.toThrow()
      await expect(fetch(gateway.url)).rejects.toThrow()
      const port = Number(new URL(gateway.url).port)
      const old = new Promise((resolve) => {
        const socket = connect({
          port,
          host: '127.0.0.1',
          rejectUnauthorized: false,
          maxVersion: 'TLSv1.1',
          minVersion: 'TLSv1.1',
          ciphers: 'DEFAULT@SECLEVEL=0',
        })
        socket.once('secureConnect', () => resolve('connected'))
        socket.once('error', () => resolve('refused'))
      })
      expect(await old).toBe('refused')
    })
  })
