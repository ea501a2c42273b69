/**
 * The layers of docs/architecture.md as rules: what each package's `src` may import of ours. A name in `types` may be
 * imported with `import type` only.
 */
const LAYERS = {
  // L0
  protocol: { imports: [] },
  // L1: one job each, none knows another
  auth: { imports: ['protocol'] },
  config: { imports: ['protocol'] },
  metadata: { imports: ['protocol'] },
  network: { imports: ['protocol'] },
  ports: { imports: ['protocol'] },
  rqlite: { imports: ['protocol'] },
  sql: { imports: ['protocol'] },
  // L2: decisions across databases, the way of a query, the user's handle
  client: { imports: ['protocol', 'network'] },
  coordinator: { imports: ['protocol', 'metadata'] },
  query: { imports: ['protocol', 'auth', 'sql', 'metadata', 'coordinator', 'rqlite'], types: ['network'] },
  // L3
  gateway: { imports: ['protocol', 'client'] },
  runtime: { imports: ['protocol', 'auth', 'config', 'metadata', 'network', 'ports', 'rqlite', 'sql'] },
  // For development only; not published
  testkit: { imports: ['.*'] },
  simulation: { imports: ['protocol', 'metadata', 'coordinator'] },
  acceptance: { imports: ['.*'] },
  torture: { imports: ['.*'] },
  benchmarks: { imports: ['.*'] },
}

const anyOf = (names) => `^packages/(${names.join('|')})/`

/** The rules of one row of the table. */
const layerRules = ([name, { imports, types = [] }]) => {
  const from = { path: `^packages/${name}/src/` }
  const allowed = anyOf([name, ...imports, ...types])
  return [
    {
      name: `layer-${name}`,
      severity: 'error',
      comment: `${name} may import of ours: ${[...imports, ...types.map((type) => `${type} (types)`)].join(', ') || 'nothing'}`,
      from,
      to: { path: '^(packages|apps)/', pathNot: allowed },
    },
    ...(types.length === 0
      ? []
      : [
          {
            name: `types-only-${name}`,
            severity: 'error',
            comment: `${name} knows ${types.join(', ')} by interface: use "import type"`,
            from,
            to: { path: anyOf(types), dependencyTypesNot: ['type-only'] },
          },
        ]),
  ]
}

/** Packages that run in browsers or in the simulation: nothing of Node.js in them. */
const noNode = (name, from) => ({
  name,
  severity: 'error',
  comment: 'this code runs without Node.js',
  from,
  to: { dependencyTypes: ['core'] },
})

export default {
  forbidden: [
    ...Object.entries(LAYERS).flatMap(layerRules),
    {
      name: 'layer-listed',
      severity: 'error',
      comment: 'a new package needs its row in LAYERS',
      from: { path: '^packages/', pathNot: anyOf(Object.keys(LAYERS)) },
      to: {},
    },
    {
      name: 'coordinator-core-is-pure',
      severity: 'error',
      comment: 'the core decides from protocol, metadata and its own files alone',
      from: { path: '^packages/coordinator/src/core/' },
      to: { pathNot: '^packages/(protocol|metadata|coordinator/src/core)/' },
    },
    {
      name: 'client-core-is-http-only',
      severity: 'error',
      comment: 'an HTTP-only bundle holds no libp2p: load it with import() or import its types',
      from: { path: '^packages/client/src/', pathNot: '^packages/client/src/libp2p' },
      to: { path: '^packages/(network/|client/src/libp2p)', dynamic: false, dependencyTypesNot: ['type-only'] },
    },
    noNode('no-node-in-protocol', { path: '^packages/protocol/src/' }),
    noNode('no-node-in-sql', { path: '^packages/sql/src/' }),
    noNode('no-node-in-coordinator', { path: '^packages/coordinator/src/' }),
    noNode('no-node-in-client-core', { path: '^packages/client/src/', pathNot: '^packages/client/src/libp2p' }),
    {
      name: 'apps-stand-alone',
      severity: 'error',
      comment: 'apps are wiring: what two need belongs into a package',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'apps-without-testkit',
      severity: 'error',
      comment: 'testkit and benchmarks are for development',
      from: { path: '^apps/[^/]+/src/' },
      to: { path: '^packages/(testkit|simulation|acceptance|torture|benchmarks)/' },
    },
    {
      name: 'through-the-front-door',
      severity: 'error',
      comment: 'another package is imported by its name, which leads to what it exports',
      from: { path: '^((?:packages|apps)/[^/]+)/' },
      to: { path: '^(packages|apps)/', pathNot: '^$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'src-without-tests',
      severity: 'error',
      comment: 'code does not import tests',
      from: { path: '/src/', pathNot: '[.]test[.]ts$' },
      to: { path: '^(packages|apps)/[^/]+/test/|[.]test[.]ts$' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'a cycle has no first file to read (types may know each other)',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'an import that leads nowhere, or past what a package exports',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared',
      severity: 'error',
      comment: 'a dependency stands in the package.json of the package that imports it',
      from: { path: '^(packages|apps)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-dev-dependency-in-src',
      severity: 'error',
      comment:
        'what a published package runs is a dependency; apps are bundled, and types may come from devDependencies',
      from: { path: '^packages/[^/]+/src/', pathNot: '[.]test[.]ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules'] },
    exclude: { path: ['/dist/', '/fixtures/'] },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@dbcluster/source', 'import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.d.ts', '.json'],
    },
  },
}
