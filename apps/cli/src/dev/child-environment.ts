/**
 * The environment of a cluster's processes: this one's, without what belongs to it alone. Configuration comes from the
 * files that were just written, so variables that would override them stay out (`DBCLUSTER_RQLITED` stays in), and so
 * does what npm tells its scripts.
 */
export const childEnvironment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(npm_.*|INIT_CWD|DBCLUSTER_.*__.*)$/.test(name)))
