import { describeRqlited, findRqlited, type RqliteBinary } from '../../src/index.js'

/** The binary under test: `DBCLUSTER_RQLITED`, else the embedded one. */
export const binaryUnderTest = async (): Promise<RqliteBinary> =>
  describeRqlited(await findRqlited({ configuredPath: process.env.DBCLUSTER_RQLITED }))
