import { swcOptions } from './scripts/typescript.mjs';

const shared = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swcOptions, swcrc: false }] },
  moduleNameMapper: {
    '^#fakes$': '<rootDir>/libs/testing/src/fake-source/index.ts',
    '^#(.*)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  moduleFileExtensions: ['js', 'mjs', 'cjs', 'ts', 'json', 'node'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.rollcall/', '<rootDir>/bench/'],
  setupFiles: ['reflect-metadata'],
};

// The cluster starts only when a project that needs it has something to run.
const withCluster = {
  globalSetup: '<rootDir>/test/setup/global-setup.mjs',
  globalTeardown: '<rootDir>/test/setup/global-teardown.mjs',
};

export default {
  maxWorkers: 2,
  testTimeout: 30_000,
  // Modules of a spec are never quite freed (experimental VM modules): a worker grows with each file until a new one takes over.
  workerIdleMemoryLimit: '1500MB',
  // To give back a large heap takes longer than the usual half second on a busy machine, and looks like an open handle then.
  workerGracefulExitTimeout: 10_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{src,libs,migrations,scripts,test/setup}/**/*.spec.ts'],
      testEnvironment: '<rootDir>/test/setup/offline-environment.mjs',
    },
    {
      ...shared,
      ...withCluster,
      displayName: 'int',
      testMatch: ['<rootDir>/{src,libs,migrations,scripts}/**/*.int-spec.ts'],
    },
    { ...shared, ...withCluster, displayName: 'e2e', testMatch: ['<rootDir>/test/**/*.e2e-spec.ts'] },
  ],
};
