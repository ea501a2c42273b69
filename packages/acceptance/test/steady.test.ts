import { describeConformance } from '@dbcluster/client/conformance'
import { startTestCluster, type TestCluster } from '@dbcluster/testkit'
import { afterAll, beforeAll } from '@jest/globals'
import { describeBadInput } from './suites/bad-input.js'
import { describeCapturedTools } from './suites/captured-tools.js'
import { describeCounts } from './suites/counts.js'
import { describeCreation } from './suites/creation.js'
import { describeCredentials, JWT_SECRET } from './suites/credentials.js'
import { describeEndpoints } from './suites/endpoints.js'
import { describeForbiddenSql } from './suites/forbidden-sql.js'
import { describeHostileCorpus } from './suites/hostile-corpus.js'
import { describeOrms } from './suites/orms.js'
import { describeValues } from './suites/values.js'

/** Three nodes and a gateway that nothing happens to. */
let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster({
    jwtSecret: JWT_SECRET,
    keys: {
      other: { app: 'other', scope: 'admin' },
      reader: { app: 'demo', scope: 'read' },
      writer: { app: 'demo', scope: 'write' },
      narrow: { app: 'demo', scope: 'write', databases: ['users'] },
    },
  })
}, 120_000)
afterAll(() => cluster?.stop(), 30_000)

const the = (): TestCluster => cluster

describeEndpoints(the)
// Early, while little else runs: it starts more processes at once than all others.
describeCreation(the)
describeCredentials(the)
describeValues(the)
describeCounts(the)
describeForbiddenSql(the)
describeHostileCorpus(the)
describeOrms(the)
describeCapturedTools(the)
describeBadInput(the)
describeConformance('the SDK over libp2p', async () => cluster.client())
describeConformance('the SDK over HTTP', async () => cluster.httpClient())
