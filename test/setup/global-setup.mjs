import { allowTypeScript } from '../../scripts/typescript.mjs';

/** Jest gives a global setup no module mapper, hence the detour to TypeScript. */
export default async function globalSetup() {
  allowTypeScript();
  const { startTestCluster } = await import('./test-cluster.ts');
  globalThis.testCluster = await startTestCluster();
}
