/** Who may import whom; docs/architecture.md explains it. `self` is always allowed. */
const IMPORTS = {
  kernel: [],
  outbound: ['kernel'],
  model: ['kernel'],
  events: ['kernel', 'model'],
  directory: ['kernel', 'model', 'events'],
  scim: ['kernel', 'model', 'events', 'directory'],
  connectors: ['kernel', 'outbound', 'model', 'directory'],
  webhooks: ['kernel', 'outbound', 'model', 'events'],
  api: ['kernel', 'model', 'events', 'directory', 'webhooks', 'scim', 'connectors'],
  testing: ['kernel', 'outbound', 'model', 'events', 'directory', 'scim', 'connectors', 'webhooks'],
  simulator: ['kernel', 'model'],
};

const LIBS = Object.keys(IMPORTS);
const SPEC = '[.](spec|int-spec)[.]ts$';

// Never part of the running service: generators of fast-check, builders that know one lib's inside, the demo.
const TEST_SUPPORT = ['^libs/testing/', '-arbitraries[.]ts$', '^libs/[^/]+/test-support/', '^src/demo/'];

const table = LIBS.map((lib) => ({
  name: `${lib}-imports`,
  comment: `libs/${lib} may import ${IMPORTS[lib].join(', ') || 'no other lib'}.`,
  severity: 'error',
  from: { path: `^libs/${lib}/`, pathNot: [SPEC, '/test-support/'] },
  to: { path: '^libs/', pathNot: `^libs/(${[lib, ...IMPORTS[lib]].join('|')})/` },
}));

// Specs may have the builders and fakes of libs/testing on top.
const specTable = LIBS.map((lib) => ({
  name: `${lib}-spec-imports`,
  comment: `A spec of libs/${lib} may import what its lib may, and testing.`,
  severity: 'error',
  from: { path: [`^libs/${lib}/.*${SPEC}`, `^libs/${lib}/test-support/`] },
  to: { path: '^libs/', pathNot: `^libs/(${[lib, 'testing', ...IMPORTS[lib]].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...table,
    ...specTable,
    {
      name: 'only-the-index',
      comment: 'The index of a lib is its promise; everything behind it may change tomorrow.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/[^/]+/src/.+', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index[.]ts$'] },
    },
    {
      name: 'only-the-index-from-outside',
      comment: 'Like the libs themselves, src and test see their index files only.',
      severity: 'error',
      from: { path: '^(src|test|migrations)/' },
      // The fakes have an index of their own, because that of testing is for Jest only.
      to: { path: '^libs/[^/]+/src/.+', pathNot: '^libs/([^/]+|testing/src/fake-source)/(src/)?index[.]ts$' },
    },
    {
      name: 'nothing-imports-src',
      comment: 'src composes; it is the end of every arrow. The test setup alone uses its database part.',
      severity: 'error',
      from: { path: '^(libs|migrations|test)/', pathNot: '^test/setup/' },
      to: { path: '^src/' },
    },
    {
      name: 'dialects-stand-alone',
      comment: 'What two dialects or providers share belongs into protocol, or into the sdk.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/src/(dialects|providers)/([^/]+)/' },
      to: { path: '^libs/$1/src/$2/([^/]+)/', pathNot: '^libs/$1/src/$2/$3/' },
    },
    {
      name: 'pure-core',
      comment: 'Protocol, model, matching and guarding never see a framework, SQL or the clock.',
      severity: 'error',
      from: {
        path: [
          '^libs/(model|kernel)/',
          '^libs/.*/(protocol|match|guard)/',
          '^libs/.*(match|guard)[^/]*[.]ts$',
        ],
        // An access guard of Nest (*.guard.ts) has only the word in common with the removal guard.
        pathNot: [SPEC, '^libs/kernel/src/(embedded/|database|pool)', '[.]guard[.]ts$', 'guarded-'],
      },
      to: { path: 'node_modules/(@nestjs|typeorm|pg)/' },
    },
    {
      name: 'testing-not-in-production',
      comment: 'libs/testing is for specs and tests.',
      severity: 'error',
      from: { path: '^(src|libs)/', pathNot: [SPEC, ...TEST_SUPPORT] },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'no-cycles',
      comment: 'Circles hide which part needs which.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Nothing imports it and it imports nothing: remove it.',
      severity: 'error',
      from: { orphan: true, pathNot: ['[.]d[.]ts$', SPEC] },
      to: {},
    },
    {
      name: 'resolvable',
      comment: 'The imported file or package does not exist.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared',
      comment: 'A package that running code imports is a dependency in package.json.',
      severity: 'error',
      // The demo runs in a checkout, where the official SDK and the verifier it shows are installed.
      from: { path: '^(src|libs|migrations)/', pathNot: [SPEC, ...TEST_SUPPORT, '^src/demo/'] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['types', 'import', 'default'], exportsFields: ['exports'] },
    // Specs import things that are there for them only.
    includeOnly: '^(src|libs|migrations|node_modules)',
  },
};
