// The arrows between the layers: what each layer may import besides itself. Cycles:
// .dependency-cruiser.cycles.mjs.

/** @type {Record<string, string[]>} */
const MAY_IMPORT = {
  core: [],
  graph: ['core'],
  api: ['core', 'graph'],
  protocol: ['core'],
  ports: ['core'],
  runtime: ['core', 'graph', 'protocol', 'ports'],
  coordinator: ['core', 'graph', 'protocol', 'ports'],
  connectors: ['core', 'ports'],
  adapters: ['core', 'ports'],
  savepoint: ['core', 'graph', 'protocol', 'ports', 'adapters'],
};
const BELOW_LOCAL = Object.keys(MAY_IMPORT);
MAY_IMPORT.local = BELOW_LOCAL;
MAY_IMPORT.testing = [...BELOW_LOCAL, 'local'];
MAY_IMPORT.cost = ['core', 'graph'];
MAY_IMPORT.deployed = ['core', 'ports', 'coordinator', 'adapters'];
MAY_IMPORT.cli = [...BELOW_LOCAL, 'local', 'deployed', 'cost', 'testing'];

const layerRules = Object.entries(MAY_IMPORT).flatMap(([layer, targets]) => {
  const allowed = [layer, ...targets].join('|');
  const rule = {
    name: `layer-${layer}`,
    comment: `lib/${layer} may import only: ${targets.join(', ') || 'nothing'}.`,
    severity: 'error',
    from: { path: `^lib/${layer}/` },
    to: { path: '^lib/', pathNot: `^lib/(${allowed})/` },
  };
  if (layer !== 'api') return [rule];
  // The embedded runner is loaded lazily by one `import()`, so that building a graph needs no engine.
  const butLocal = { ...rule, to: { path: '^lib/', pathNot: `^lib/(${allowed}|local)/` } };
  const onlyLazily = {
    name: 'layer-api-local-lazily',
    comment: 'lib/api reaches lib/local only by a dynamic import().',
    severity: 'error',
    from: { path: '^lib/api/' },
    to: { path: '^lib/local/', dynamic: false },
  };
  return [butLocal, onlyLazily];
});

const forbidden = [
  ...layerRules,
  {
    name: 'layer-unknown',
    comment: 'Every file of lib belongs to a layer or is the public entry.',
    severity: 'error',
    from: { path: '^lib/', pathNot: `^lib/(${Object.keys(MAY_IMPORT).join('|')})/|^lib/index[.]ts$` },
    to: {},
  },
  {
    name: 'entry-index',
    comment: 'lib/index.ts exports what jobs use: api, core, connectors (descriptors) and graph.',
    severity: 'error',
    from: { path: '^lib/index[.]ts$' },
    to: { path: '^lib/', pathNot: '^lib/(api|core|connectors|graph)/' },
  },
  {
    name: 'nobody-imports-the-entry',
    comment: 'Inside lib, import the file itself: the public entries are for users.',
    severity: 'error',
    from: { path: '^lib/' },
    to: { path: '^lib/(index[.]ts$|[^/]+/index[.]ts$)' },
  },
  {
    name: 'lib-stays-inside',
    comment: 'lib imports nothing from the folders around it.',
    severity: 'error',
    from: { path: '^lib/' },
    to: { path: '^(functions|infra|test|examples|bench|scripts|docs)/' },
  },
  {
    name: 'infra-needs-no-engine',
    comment: 'infra imports core, graph, api, the plan of a run, table schemas, and how jobs are loaded.',
    severity: 'error',
    from: { path: '^infra/' },
    to: {
      path: '^(lib|functions)/',
      pathNot:
        '^lib/((core|graph|api)/|coordinator/run-plan[.]ts$|adapters/[^/]+/(schema|table-schemas)[.]ts$' +
        '|cli/(job-module|module-error|module-hooks|running-copy|source-place)[.]ts$)',
    },
  },
  {
    name: 'nobody-imports-functions-or-infra',
    comment: 'functions and infra are the outermost layer.',
    severity: 'error',
    from: { path: '^(lib|functions|infra|examples|bench)/' },
    to: { path: '^(functions|infra)/', pathNot: '^$1/' },
  },
  {
    name: 'testing-without-aws',
    comment: 'lib/testing runs without a cloud: no adapter of AWS.',
    severity: 'error',
    from: { path: '^lib/testing/' },
    to: { path: '^lib/adapters/(kinesis|dynamodb|s3|stepfunctions)/' },
  },
  {
    name: 'sdk-only-at-the-edge',
    comment: 'AWS SDK clients are imported only by connectors and adapters.',
    severity: 'error',
    from: { pathNot: '^lib/(connectors|adapters)/' },
    to: { path: '(^|/)(@aws-sdk|@smithy)/' },
  },
  {
    name: 'descriptors-are-data',
    comment: 'A descriptor reaches its reader or writer only by a dynamic import().',
    severity: 'error',
    from: { path: '^lib/connectors/.+/descriptor[.]ts$' },
    to: { path: '(^|/)(reader|writer)[.]ts$', dynamic: false, dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'published-code-needs-published-packages',
    comment: 'lib, functions and infra may not import a devDependency.',
    severity: 'error',
    from: { path: '^(lib|functions|infra)/' },
    // Of a peer dependency the checkout has its own copy.
    to: {
      path: '^(?!node_modules/(aws-cdk-lib|constructs)/)',
      dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
      dependencyTypesNot: ['type-only'],
    },
  },
  {
    name: 'resolvable',
    comment: 'An import that does not resolve hides every other rule.',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['millrace-source', 'import', 'node', 'default'],
    },
  },
};
