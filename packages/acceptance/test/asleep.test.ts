import { startTestCluster, type TestCluster } from '@dbcluster/testkit'
import { afterAll, beforeAll } from '@jest/globals'
import { describeKilledInBetween } from './suites/killed-in-between.js'
import { describeManyWakes } from './suites/many-wakes.js'
import { describeSleepOnDemand } from './suites/sleep-on-demand.js'
import { describeStolenPorts } from './suites/stolen-ports.js'

/** Three nodes and a gateway whose databases sleep when they are told to. */
let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster({ sets: ['database.hibernation_timeout=0'] })
}, 120_000)
afterAll(() => cluster?.stop(), 30_000)

const the = (): TestCluster => cluster

describeSleepOnDemand(the)
describeStolenPorts(the)
describeKilledInBetween(the)
// Last: it leaves the machine busy.
describeManyWakes(the)
